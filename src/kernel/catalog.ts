import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.ts";
import { unknownOperation } from "./errors.ts";
import { NotLoaded } from "./loading-store.ts";
import type { ServiceModel } from "./model.ts";
import type { AnyOperation, Context } from "./operation.ts";
import type { Random } from "./random.ts";
import type { InProcessCall, OperationRegistry } from "./registry.ts";
import type { PageHandler, Service } from "./service.ts";
import type { Store, Tx } from "./store.ts";
import type { Target } from "./targets.ts";
import { validate } from "./validate.ts";
import type { WorkHandler } from "./work.ts";

/** Makes a service, when the first call to it comes. */
export type ServiceLoader = () => Promise<Service>;

export interface ServiceCatalogOptions {
  /** By signing name. */
  readonly loaders: Readonly<Record<string, ServiceLoader>>;
  /** A `loadingStore`: calls within its transactions may need services that are not loaded. */
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** The base URL that calls in process see; no slash at the end. */
  readonly publicUrl: () => string;
}

/** Never aborts: the signal of calls that bring none. */
const NEVER: AbortSignal = new AbortController().signal;
// Node 20 takes more than 10 who listen for a leak, and says so on stderr.
setMaxListeners(0, NEVER);

/** The services of a server, each loaded when it is first needed: by a call, a delivery or work. */
export class ServiceCatalog implements OperationRegistry {
  readonly #options: ServiceCatalogOptions;
  readonly #loading = new Map<string, Promise<Service>>();
  readonly #loaded = new Map<string, Service>();

  constructor(options: ServiceCatalogOptions) {
    this.#options = options;
  }

  /** Signing names of all services, loaded or not. */
  names(): string[] {
    return Object.keys(this.#options.loaders);
  }

  /** The service when it is loaded already; asking does not load it. */
  loaded(name: string): Service | undefined {
    return this.#loaded.get(name);
  }

  /** The service of a signing name, loaded; undefined when there is none. */
  async service(name: string): Promise<Service | undefined> {
    const loaded = this.#loaded.get(name);
    if (loaded !== undefined) return loaded;
    const { loaders } = this.#options;
    const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
    if (loader === undefined) return undefined;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      loading = loader();
      this.#loading.set(name, loading);
    }
    try {
      const service = await loading;
      this.#loaded.set(name, service);
      return service;
    } catch (error) {
      // The next call tries again.
      this.#loading.delete(name);
      throw error;
    }
  }

  /** Runs an operation on input that is valid already, in a transaction of its own where it needs one. */
  async run(
    operation: AnyOperation,
    context: Context,
    input: unknown,
  ): Promise<Record<string, unknown>> {
    if (operation.kind === "conversation") return operation.run(context, input);
    const { prepare, run } = operation;
    const prepared: unknown = prepare === undefined ? input : await prepare(context, input);
    return this.#options.store.transact((tx) => run(context, prepared, tx));
  }

  async call(call: InProcessCall): Promise<Record<string, unknown>> {
    const { operation, input } = checked(call, await this.service(call.service));
    return (await this.run(operation, this.#contextOf(call), input)) ?? {};
  }

  async callWithin(tx: Tx, call: InProcessCall): Promise<Record<string, unknown>> {
    const { operation, input } = checked(call, this.#within(call.service));
    if (operation.kind !== "transaction") {
      throw new Error(`${call.service} ${call.operation} does not work within a transaction`);
    }
    return (await operation.run(this.#contextOf(call), input, tx)) ?? {};
  }

  async isTransaction(service: string, operation: string): Promise<boolean> {
    const found = await this.service(service);
    return found !== undefined && operationOf(found, operation)?.kind === "transaction";
  }

  async modelOf(service: string): Promise<ServiceModel | undefined> {
    return (await this.service(service))?.model;
  }

  /** The target that a service is to others, for a transaction; throws {@link NotLoaded}. */
  target(name: string): Target | undefined {
    return this.#within(name)?.target;
  }

  /** The handler of a kind of work, which begins with its service's signing name and a dot. */
  async workHandler(kind: string): Promise<WorkHandler | undefined> {
    const [name = ""] = kind.split(".", 1);
    return (await this.service(name))?.work?.[kind];
  }

  /** The plain HTTP pages of a service. */
  async pages(name: string): Promise<PageHandler | undefined> {
    return (await this.service(name))?.pages;
  }

  /** The service for a transaction, inside of which nothing is loaded. */
  #within(name: string): Service | undefined {
    const loaded = this.#loaded.get(name);
    if (loaded !== undefined || !Object.hasOwn(this.#options.loaders, name)) return loaded;
    throw new NotLoaded(name, () => this.service(name));
  }

  #contextOf(call: InProcessCall): Context {
    const { clock, random, publicUrl } = this.#options;
    return {
      caller: call.caller,
      requestId: random.uuid(),
      baseUrl: publicUrl(),
      nowMs: clock.now(),
      signal: call.signal ?? NEVER,
    };
  }
}

/** The operation of a call, with input that is valid. Throws what AWS answers otherwise. */
function checked(
  call: InProcessCall,
  service: Service | undefined,
): { readonly operation: AnyOperation; readonly input: unknown } {
  const operation = service && operationOf(service, call.operation);
  if (service === undefined || operation === undefined) {
    throw unknownOperation(`${call.service} has no operation ${call.operation} here`);
  }
  return { operation, input: validate(service, call.operation, call.input) };
}

/** The operation of a service by name; undefined when the service does not answer it. */
export function operationOf(service: Service, name: string): AnyOperation | undefined {
  return Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
}
