import { parseArn } from "./arn.ts";
import { ServiceError } from "./errors.ts";
import type { Tx } from "./store.ts";

/** A message attribute on its way to a target. */
export interface DeliveryAttribute {
  /** `String`, `Number`, `Binary`, or one of these with a custom label: `String.json`. */
  readonly dataType: string;
  readonly stringValue?: string;
  readonly binaryValue?: Uint8Array;
}

/** Something that is delivered to a target: what it says, and what a queue needs to keep order. */
export interface Delivery {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, DeliveryAttribute>>;
  readonly messageGroupId?: string;
  readonly messageDeduplicationId?: string;
  /** Value of the `AWSTraceHeader` system attribute. */
  readonly traceHeader?: string;
  /** ARN of the resource that delivers, for policies and records. */
  readonly sourceArn: string;
  /** Time of the delivery, in milliseconds of the epoch. */
  readonly nowMs: number;
}

export interface DeliveryReceipt {
  readonly messageId: string;
}

/**
 * How a service takes deliveries to its resources. `deliver` works inside the transaction of the one
 * who delivers: both happen, or neither. Throws a {@link ServiceError} when the target refuses,
 * before it has written anything: who delivers may go on without it.
 */
export interface Target {
  deliver(tx: Tx, arn: string, delivery: Delivery): Promise<DeliveryReceipt>;
  /** Throws a {@link ServiceError} when there is no such target. */
  check?(tx: Tx, arn: string): Promise<void>;
  /** Fetches together what deliveries to these ARNs read first; see {@link Tx.prefetch}. */
  prefetch?(tx: Tx, arns: readonly string[]): Promise<void>;
}

/** Finds the target of an ARN: where services meet without knowing each other. */
export class TargetRegistry {
  readonly #find: (service: string) => Target | undefined;

  /** `find` loads nothing, as it is asked inside of transactions. */
  constructor(find: (service: string) => Target | undefined) {
    this.#find = find;
  }

  async deliver(tx: Tx, arn: string, delivery: Delivery): Promise<DeliveryReceipt> {
    return this.#targetOf(arn).deliver(tx, arn, delivery);
  }

  async check(tx: Tx, arn: string): Promise<void> {
    await this.#targetOf(arn).check?.(tx, arn);
  }

  /** Fetches together what deliveries to many targets read; those that nobody answers for, not. */
  async prefetch(tx: Tx, arns: readonly string[]): Promise<void> {
    const services = new Set(arns.flatMap((arn) => parseArn(arn)?.service ?? []));
    for (const service of services) {
      const own = arns.filter((arn) => parseArn(arn)?.service === service);
      await this.#find(service)?.prefetch?.(tx, own);
    }
  }

  #targetOf(arn: string): Target {
    const service = parseArn(arn)?.service;
    const target = service === undefined ? undefined : this.#find(service);
    if (target === undefined) {
      throw new ServiceError("InvalidTarget", `Nothing here can be delivered to at ${arn}`);
    }
    return target;
  }
}
