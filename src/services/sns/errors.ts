import { ServiceError } from "../../kernel/errors.ts";
import { memberPath } from "../../kernel/input-path.ts";
import type { InputPath } from "../../kernel/input-path.ts";
import type { Refusals } from "../../kernel/service.ts";

const INVALID = "InvalidParameterException";
const INVALID_START = "Invalid parameter: ";

/** `InvalidParameter`, worded as SNS does: "Invalid parameter: …". */
export function invalidParameter(reason: string): ServiceError {
  return new ServiceError(INVALID, INVALID_START + reason);
}

/** What is to get short messages is no phone number; SNS words this one without its usual start. */
export function invalidSmsEndpoint(endpoint: string): ServiceError {
  return new ServiceError(INVALID, `Invalid SMS endpoint: ${endpoint}`);
}

/** What is wrong with an attribute map's entry. */
export function invalidAttributes(reason: string): ServiceError {
  return invalidParameter(`Attributes Reason: ${reason}`);
}

/** Reads attributes that came in a map, not one by one: what is refused is refused as of the map. */
export function amongAttributes<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ServiceError && error.message.startsWith(INVALID_START))) throw error;
    throw invalidAttributes(error.message.slice(INVALID_START.length));
  }
}

/** `ParameterValueInvalid`: a message attribute is wrong. */
export function invalidParameterValue(message: string): ServiceError {
  return new ServiceError("InvalidParameterValueException", message);
}

/** `NotFound`: there is no such topic. */
export function topicDoesNotExist(): ServiceError {
  return new ServiceError("NotFoundException", "Topic does not exist");
}

/** `NotFound`: there is no such subscription. */
export function subscriptionDoesNotExist(): ServiceError {
  return new ServiceError("NotFoundException", "Subscription does not exist");
}

/** `InvalidParameter`: a pending subscription ends by itself, or with its topic. */
export function cannotUnsubscribePending(): ServiceError {
  return invalidParameter(
    "SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation",
  );
}

/** `NotFound`, for other things than topics and subscriptions. */
export function notFound(what: string): ServiceError {
  return new ServiceError("NotFoundException", what);
}

/** `ResourceNotFound`: there is nothing to tag, or no such number. */
export function resourceDoesNotExist(): ServiceError {
  return new ServiceError("ResourceNotFoundException", "Resource does not exist");
}

/** `AuthorizationError`, status 403. */
export function notAuthorized(reason: string): ServiceError {
  return new ServiceError("AuthorizationErrorException", reason);
}

/** `InvalidState`: the topic is not in a state for this. */
export function invalidState(reason: string): ServiceError {
  return new ServiceError("InvalidStateException", reason);
}

/** `SubscriptionLimitExceeded`, status 403. */
export function subscriptionLimitExceeded(): ServiceError {
  return new ServiceError(
    "SubscriptionLimitExceededException",
    "The maximum number of subscriptions has been reached for this topic",
  );
}

/** `TopicLimitExceeded`, status 403. */
export function topicLimitExceeded(): ServiceError {
  return new ServiceError(
    "TopicLimitExceededException",
    "The maximum number of topics has been reached",
  );
}

/** `FilterPolicyLimitExceeded`, status 403. */
export function filterPolicyLimitExceeded(): ServiceError {
  return new ServiceError(
    "FilterPolicyLimitExceededException",
    "The maximum number of filter policies has been reached for this topic",
  );
}

/** `TagLimitExceeded`: a topic has at most 50 tags. */
export function tagLimitExceeded(): ServiceError {
  return new ServiceError(
    "TagLimitExceededException",
    "Could not complete request: tag quota of per resource exceeded",
  );
}

/** What is wrong with a whole batch. */
export function batchError(
  code: "Empty" | "TooMany" | "NotDistinct" | "InvalidId" | "TooLong",
): ServiceError {
  switch (code) {
    case "Empty":
      return new ServiceError(
        "EmptyBatchRequestException",
        "The batch request doesn't contain any entries.",
      );
    case "TooMany":
      return new ServiceError(
        "TooManyEntriesInBatchRequestException",
        "The batch request contains more entries than permissible.",
      );
    case "NotDistinct":
      return new ServiceError(
        "BatchEntryIdsNotDistinctException",
        "Two or more batch entries in the request have the same Id.",
      );
    case "InvalidId":
      return new ServiceError(
        "InvalidBatchEntryIdException",
        "The Id of a batch entry in a batch request doesn't abide by the specification.",
      );
    case "TooLong":
      return new ServiceError(
        "BatchRequestTooLongException",
        "The length of all the messages put together is more than the limit.",
      );
  }
}

/** `EndpointDisabled`: a device's endpoint takes nothing. */
export function endpointDisabled(): ServiceError {
  return new ServiceError("EndpointDisabledException", "Endpoint is disabled");
}

/** `PlatformApplicationDisabled`: an application's endpoints take nothing. */
export function platformApplicationDisabled(): ServiceError {
  return new ServiceError(
    "PlatformApplicationDisabledException",
    "Platform application is disabled",
  );
}

/** `OptedOut`: a phone's owner wants no messages. */
export function optedOut(): ServiceError {
  return new ServiceError("OptedOutException", "The phone number is opted out");
}

/** `UserError`: a phone number is not in a state for this. */
export function userError(reason: string): ServiceError {
  return new ServiceError("UserErrorException", reason);
}

/** `VerificationException`, with its status member. */
export function verificationFailed(status: string): ServiceError {
  return new ServiceError("VerificationException", "Verification failed", {
    members: { Status: status },
  });
}

/** How SNS words input that does not fit its model. */
export const refusals: Refusals = {
  missing: missingMembers,
  wrongType: (path, expected, actual) =>
    new ServiceError(
      "MalformedInput",
      `${path}: a ${actual} can not be converted to a ${expected}`,
    ),
};

function missingMembers(paths: readonly InputPath[]): ServiceError {
  const noun = paths.length === 1 ? "validation error" : "validation errors";
  const texts = paths.map(
    (path) =>
      `Value null at '${memberPath(path)}' failed to satisfy constraint: Member must not be null`,
  );
  return new ServiceError(
    "ValidationError",
    `${paths.length} ${noun} detected: ${texts.join("; ")}`,
  );
}
