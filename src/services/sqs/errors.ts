import { ServiceError } from "../../kernel/errors.ts";
import { shortPath } from "../../kernel/input-path.ts";
import type { Refusals } from "../../kernel/service.ts";

/** A parameter's value is refused; `reason` is the whole message. */
export function invalidParameter(reason: string): ServiceError {
  return new ServiceError("InvalidParameterValueException", reason, {
    queryCode: "InvalidParameterValue",
  });
}

/** A parameter's value is refused, in the words SQS uses for values out of range. */
export function invalidValue(parameter: string, value: unknown, reason: string): ServiceError {
  return invalidParameter(
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

/** A required parameter is missing. */
export function missingParameter(parameter: string): ServiceError {
  return new ServiceError(
    "MissingRequiredParameterException",
    `The request must contain the parameter ${parameter}.`,
    { queryCode: "MissingParameter" },
  );
}

/** A batch has no entries; `operation` is the batch's, for example SendMessageBatch. */
export function emptyBatch(operation: string): ServiceError {
  return new ServiceError(
    "EmptyBatchRequest",
    `There should be at least one ${operation}RequestEntry in the request.`,
  );
}

/** There is no queue at a URL. */
export function queueDoesNotExist(): ServiceError {
  return new ServiceError("QueueDoesNotExist", "The specified queue does not exist.", {
    queryMessage: "The specified queue does not exist for this wsdl version.",
  });
}

/** AWS does not tell a queue of another account that does not exist from one that the caller may not use. */
export function queueOutOfReach(): ServiceError {
  return new ServiceError(
    "QueueDoesNotExist",
    "The specified queue does not exist or you do not have access to it.",
  );
}

/** A queue URL is none; `endpoint` is where the request went. */
export function invalidAddress(endpoint: string): ServiceError {
  return new ServiceError(
    "InvalidAddress",
    `The address ${endpoint}/ is not valid for this endpoint.`,
  );
}

/** There is no such queue attribute, or it cannot be set. */
export function invalidAttributeName(name: string): ServiceError {
  return new ServiceError("InvalidAttributeName", `Unknown Attribute ${name}.`);
}

/** A queue attribute's value is refused. */
export function invalidAttributeValue(name: string, reason?: string): ServiceError {
  const why = reason === undefined ? "" : ` Reason: ${reason}`;
  return new ServiceError(
    "InvalidAttributeValue",
    `Invalid value for the parameter ${name}.${why}`,
  );
}

/** A standard queue is to have what only FIFO queues have. */
export function fifoAttribute(name: string): ServiceError {
  const reason = `You can specify the ${name} only when FifoQueue is set to true.`;
  return new ServiceError("InvalidAttributeName", reason);
}

/** A redrive policy is refused; `text` is how it was given. */
export function invalidRedrive(text: string, reason: string): ServiceError {
  return invalidValue("RedrivePolicy", text, reason);
}

/** A redrive allow policy is refused; `text` is how it was given. */
export function invalidRedriveAllow(text: string, reason: string): ServiceError {
  const why = `Amazon SQS can't create the redrive allow policy. ${reason}`;
  return invalidValue("RedriveAllowPolicy", text, why);
}

/** A queue is to be encrypted with a key of KMS and with one of SQS. */
export function twoEncryptions(): ServiceError {
  return new ServiceError(
    "InvalidAttributeName",
    "You can use one type of server-side encryption (SSE) at one time." +
      " You can either enable KMS SSE or SQS SSE.",
  );
}

/** A queue of that name has other attributes. */
export function queueNameExists(attribute: string): ServiceError {
  return new ServiceError(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  );
}

/** The name was that of a queue less than 60 seconds ago. */
export function queueDeletedRecently(): ServiceError {
  return new ServiceError(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
  );
}

/** The queue was purged less than 60 seconds ago. */
export function purgeInProgress(queueName: string): ServiceError {
  return new ServiceError(
    "PurgeQueueInProgress",
    `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`,
  );
}

/** A receipt handle is none, or one of another queue. */
export function invalidReceipt(reason: string): ServiceError {
  return new ServiceError("ReceiptHandleIsInvalid", reason);
}

/** A FIFO queue's receipt handle is older than its visibility timeout, or than another receive. */
export function receiptExpired(receipt: string): ServiceError {
  return invalidValue("ReceiptHandle", receipt, "The receipt handle has expired.");
}

/** What DeleteMessageBatch says of such a handle: another code, in fewer words. */
export function entryReceiptExpired(): ServiceError {
  return invalidReceipt("The receipt handle has expired");
}

/** The message of a receipt is not in flight. */
export function messageNotInFlight(receipt: string): ServiceError {
  const reason = "Message does not exist or is not available for visibility timeout change.";
  return new ServiceError(
    "MessageNotInflight",
    `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: ${reason}`,
  );
}

/** The message of a receipt was deleted, purged or moved. */
export function messageIsGone(receipt: string): ServiceError {
  const reason = "Message does not exist or is not available for visibility timeout change.";
  return invalidValue("ReceiptHandle", receipt, reason);
}

/** A receive is repeated of which a message was deleted or had its visibility changed. */
export function attemptNotRetryable(attemptId: string): ServiceError {
  const reason =
    "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable.";
  return invalidValue("ReceiveRequestAttemptId", attemptId, reason);
}

/** A limit on the number of something is reached. */
export function overLimit(what: string, found: number, most: number): ServiceError {
  return new ServiceError("OverLimit", `${found} ${what} were found, maximum allowed is ${most}.`);
}

/** A policy has too many of something; `where` is the policy or a statement of it. */
export function policyOverLimit(
  what: string,
  { found, most, where }: { readonly found: number; readonly most: number; readonly where: string },
): ServiceError {
  return new ServiceError(
    "OverLimit",
    `${found} ${what} were found in ${where}, max allowed is ${most}`,
  );
}

/** A policy is longer than 8,192 bytes. */
export function policyTooLarge(): ServiceError {
  return new ServiceError("OverLimit", "Submitted policy is over max allowed size.");
}

/** A queue has 120,000 messages in flight. */
export function tooManyInFlight(): ServiceError {
  return new ServiceError("OverLimit", "Too many messages in flight.");
}

/** A rate that AWS allows is exceeded. */
export function throttled(): ServiceError {
  return new ServiceError("RequestThrottled", "Request is throttled.");
}

/** There is no such queue or task. */
export function resourceNotFound(reason: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", reason);
}

/** The operation does not go with the state of things. */
export function unsupported(reason: string): ServiceError {
  return new ServiceError("UnsupportedOperation", reason);
}

const ENTRY_PATH = /^Entries\[(\d+)\]\.(.+)$/;

/** What SQS calls a missing member, in JSON too: by the names of its oldest protocol. */
function missingName(path: string, operation: string): string {
  const [, index, member] = ENTRY_PATH.exec(path) ?? [];
  if (member !== undefined) return `${operation}RequestEntry.${Number(index) + 1}.${member}`;
  if (operation === "DeleteMessage" && path === "ReceiptHandle") return "MessageHandle";
  if (operation === "SetQueueAttributes" && path === "Attributes") return "Attribute.Name";
  return lastName(path);
}

function lastName(path: string): string {
  return path.replace(/^.*\.(?=[^.]*$)/, "");
}

/** How SQS words input that does not fit its model. */
export const refusals: Refusals = {
  missing: ([first], operation) => missingParameter(missingName(shortPath(first), operation)),
  wrongType: (_path, expected, actual) =>
    new ServiceError("SerializationException", conversionRefusal(expected, actual)),
  unreadable: (path, expected, text) =>
    invalidValue(lastName(path), text, `Must be ${expected === "blob" ? "base64" : "a number"}.`),
};

/** Types as the front end of SQS names them, which does not say where in the input they are. */
const TYPES: Readonly<Record<string, string>> = {
  blob: "a ByteBuffer",
  boolean: "a Boolean",
  number: "an Integer",
  string: "a String",
};

function conversionRefusal(expected: string, actual: string): string {
  if (actual === "object") return "Start of structure or map found where not expected.";
  if (actual === "list") return "Start of list found where not expected";
  const type = TYPES[expected];
  if (type === undefined) return "Unexpected value type in payload";
  return `${actual.toUpperCase()}_VALUE can not be converted to ${type}`;
}
