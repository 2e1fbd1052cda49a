import { ServiceError } from "../kernel/errors.ts";
import type { ServiceModel } from "../kernel/model.ts";

/** What every protocol needs to know of an error to write it down. */
export interface ErrorForm {
  readonly status: number;
  readonly fault: "client" | "server";
  /** The name of the error's shape, without a namespace. */
  readonly name: string;
  /** What JSON protocols write before the `#`. */
  readonly namespace: string;
  /** The code that Query clients see. */
  readonly queryCode: string;
}

/** An error that the front end of every AWS service knows; no service's model has these. */
interface FrontEndError {
  /** The name that JSON clients know, where it is not the code. */
  readonly name?: string;
  /** The code that Query clients know, where it is not the code. */
  readonly queryCode?: string;
  readonly status: number;
  /** The status that services which only speak JSON answer, where it differs. */
  readonly jsonStatus?: number;
}

const FRONT_END_NAMESPACE = "com.amazon.coral.service";

/** By {@link ServiceError.code}. See the Common Errors page of each service's API reference. */
const FRONT_END_ERRORS: ReadonlyMap<string, FrontEndError> = new Map(
  Object.entries({
    AccessDenied: { name: "AccessDeniedException", status: 403, jsonStatus: 400 },
    IncompleteSignature: { name: "IncompleteSignatureException", status: 400 },
    InternalFailure: { queryCode: "InternalError", status: 500 },
    InvalidClientTokenId: { name: "UnrecognizedClientException", status: 403, jsonStatus: 400 },
    InvalidParameterValueException: { queryCode: "InvalidParameterValue", status: 400 },
    MalformedQueryString: { status: 404 },
    MissingAction: { status: 400 },
    MissingAuthenticationToken: {
      name: "MissingAuthenticationTokenException",
      status: 403,
      jsonStatus: 400,
    },
    MissingRequiredParameterException: { queryCode: "MissingParameter", status: 400 },
    RequestExpired: { name: "InvalidSignatureException", status: 400 },
    SerializationException: { queryCode: "MalformedInput", status: 400 },
    ServiceUnavailable: { name: "ServiceUnavailableException", status: 503 },
    SignatureDoesNotMatch: { name: "InvalidSignatureException", status: 403, jsonStatus: 400 },
    ThrottlingException: { queryCode: "Throttling", status: 400 },
    UnknownOperationException: { queryCode: "InvalidAction", status: 400 },
  } satisfies Record<string, FrontEndError>),
);

/** What `error` is called and which status it has, when a service of `model` answers it. */
export function errorForm(model: ServiceModel, error: ServiceError): ErrorForm {
  const { code } = error;
  const known = Object.hasOwn(model.errors, code) ? model.errors[code] : undefined;
  if (known) {
    return {
      status: known.status,
      fault: known.fault,
      name: code,
      namespace: known.namespace ?? model.errorNamespace,
      queryCode: error.queryCode ?? known.queryCode ?? code,
    };
  }
  const general = FRONT_END_ERRORS.get(code);
  const status = error.status ?? statusOf(model, general);
  return {
    status,
    fault: status >= 500 ? "server" : "client",
    name: general?.name ?? code,
    namespace: general === undefined ? model.errorNamespace : FRONT_END_NAMESPACE,
    queryCode: error.queryCode ?? general?.queryCode ?? code,
  };
}

function statusOf(model: ServiceModel, general: FrontEndError | undefined): number {
  if (general === undefined) return 400;
  return model.protocols.includes("awsQuery")
    ? general.status
    : (general.jsonStatus ?? general.status);
}

/** What a caller sees of a bug: nothing but that there was one. Its text goes to the log. */
export function internalFailure(cause?: unknown): ServiceError {
  return new ServiceError(
    "InternalFailure",
    "We encountered an internal error. Please try again.",
    {
      status: 500,
      cause,
    },
  );
}

/** A body that is not what its protocol says it is. */
export function malformedBody(reason: string): ServiceError {
  return new ServiceError("SerializationException", reason);
}
