import type { ServiceError } from "./errors.ts";
import type { InputPath } from "./input-path.ts";
import type { ServiceModel } from "./model.ts";
import type { AnyOperation } from "./operation.ts";
import type { Target } from "./targets.ts";
import type { WorkHandlers } from "./work.ts";

/** One AWS service as the composition root sees it. */
export interface Service {
  readonly model: ServiceModel;
  /** By operation name. What the model has and this lacks answers `UnknownOperationException`. */
  readonly operations: Readonly<Record<string, AnyOperation>>;
  /** Operations that anybody may call without a signature, for example by opening a link in a mail. */
  readonly unsigned?: ReadonlySet<string>;
  /** How the service words its refusals of malformed input. */
  readonly refusals: Refusals;
  /** Receives deliveries to this service's ARNs; absent when its resources are no targets. */
  readonly target?: Target;
  /** What runs when a deadline of this service passes; by kind, each named `<service>.<what>`. */
  readonly work?: WorkHandlers;
  /** The largest request body in bytes; 2 MiB when absent. */
  readonly maxRequestBytes?: number;
  /** HTTP paths beside the API, for example pages and web links. */
  readonly pages?: PageHandler;
}

/** Words for input that does not fit the model, as this service's real endpoint says them. */
export interface Refusals {
  /** Required members are missing, one or more; the first is the first in the model's order. */
  missing(paths: readonly [InputPath, ...InputPath[]], operation: string): ServiceError;
  /**
   * A member's type is not the model's. `path` is like `Entries[0].Id`; `expected` is a scalar's name (`string`, `number`, `boolean`,
   * `blob`, `timestamp`), or `structure`, `union`, `list` or `map`; `actual` is the JavaScript type,
   * or `list`. `path` is empty when the input itself is no structure. A blob that is no base64 is
   * expected `blob`, actual `string`.
   */
  wrongType(path: string, expected: string, actual: string): ServiceError;
  /** A form's text stands for no value of a scalar; without this it is a {@link wrongType}. */
  unreadable?(path: string, expected: string, text: string): ServiceError;
}

/** Answers plain HTTP requests to a path of the service's own; undefined when it is not one. */
export type PageHandler = (request: PageRequest) => Promise<PageAnswer | undefined>;

export interface PageRequest {
  readonly method: string;
  /** Path below `/_waystation/<signing name>`, beginning with a slash; percent-decoded nowhere. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  /** Whether who asks may see and do what only operators may. */
  readonly isOperator: boolean;
}

export interface PageAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}
