import type { ServiceError } from "../kernel/errors.ts";
import type { ProtocolName, ServiceModel } from "../kernel/model.ts";
import type { Refusals } from "../kernel/service.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";

/**
 * One AWS protocol for one service: bytes to values and back, driven by the service's model. The
 * values are those of the SDK's types: blobs `Uint8Array`, timestamps `Date`, numbers `number`.
 */
export interface Protocol {
  readonly name: ProtocolName;
  /** Finds the operation that a request names; undefined when it names none. */
  operationOf(request: HttpRequest): string | undefined;
  /** The refusal of an operation that the service does not have, or of a request that names none. */
  unknownOperation(name: string | undefined): ServiceError;
  /** Reads and validates the input of an operation that the model has. Throws a {@link ServiceError}, in the service's own words. */
  decode(operation: string, request: HttpRequest): Record<string, unknown>;
  encode(operation: string, output: Record<string, unknown>, requestId: string): HttpResponse;
  /** The one place where this protocol turns an error into bytes. */
  encodeError(error: ServiceError, requestId: string): HttpResponse;
}

export type ProtocolFactory = (model: ServiceModel, refusals: Refusals) => Protocol;
