/*
 * The numbers of the language.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-limits
 */

/** Most bytes of a definition's text. */
export const MAX_DEFINITION_BYTES = 1_048_576;
/** Most characters of a cause: of an execution, an event, or one that a caller gives. */
export const MAX_CAUSE_LENGTH = 32_768;
/** Most characters of a state's name. */
export const MAX_STATE_NAME_LENGTH = 80;
/** Most characters of a variable's name. */
export const MAX_VARIABLE_NAME_LENGTH = 80;
/** Most characters of a distributed Map's label. */
export const MAX_LABEL_LENGTH = 40;
/** Most bytes of one variable. */
export const MAX_VARIABLE_BYTES = 262_144;
/** Most bytes of all variables that one Assign sets. */
export const MAX_ASSIGNED_BYTES = 262_144;
/** Longest TimeoutSeconds, HeartbeatSeconds and Seconds. */
export const MAX_SECONDS = 99_999_999;
/** Longest MaxDelaySeconds of a Retry. */
export const MAX_DELAY_SECONDS = 31_622_400;
/** Most MaxAttempts of a Retry. */
export const MAX_RETRY_ATTEMPTS = 99_999_999;
/** Most items that an ItemReader reads. */
export const MAX_READER_ITEMS = 100_000_000;
/** Most bytes of a batch of items. */
export const MAX_BATCH_BYTES = 262_144;
/** Deepest nesting of Parallel and Map states. */
export const MAX_STATE_NESTING = 50;
