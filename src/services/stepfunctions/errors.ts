import { ServiceError } from "../../kernel/errors.ts";
import type { Refusals } from "../../kernel/service.ts";

/** One violated constraint of a request, in the words of AWS's front end. */
export interface Violation {
  /** Name of the member as AWS prints it, for example `name`. */
  readonly member: string;
  /** The offending value; absent when it is missing. */
  readonly value?: string;
  /** For example `Member must have length less than or equal to 80`. */
  readonly constraint: string;
}

/** The error for a request that does not meet the model's constraints. */
export function validationErrors(violations: readonly Violation[]): ServiceError {
  const texts = violations.map(({ member, value, constraint }) => {
    const shown = value === undefined ? "Value null" : `Value '${value}'`;
    return `${shown} at '${member}' failed to satisfy constraint: ${constraint}`;
  });
  const noun = violations.length === 1 ? "validation error" : "validation errors";
  return new ServiceError(
    "ValidationException",
    `${violations.length} ${noun} detected: ${texts.join("; ")}`,
  );
}

/** A request that is well formed but cannot be served; `reason` is AWS's enumeration. */
export function validationError(message: string, reason?: string): ServiceError {
  return new ServiceError("ValidationException", message, reason ? { members: { reason } } : {});
}

/** How Step Functions refuses input that does not fit its model. */
export const refusals: Refusals = {
  missing: (path) =>
    validationErrors([{ member: memberPath(path), constraint: "Member must not be null" }]),
  wrongType: (path, expected, actual) =>
    new ServiceError(
      "SerializationException",
      `${actual.toUpperCase()} cannot be read as ${expected.toUpperCase()} at '${path}'`,
    ),
};

/** A path such as `tags[0].key` as AWS's front end prints it: `tags.1.member.key`. */
function memberPath(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, (_, index) => `.${Number(index) + 1}.member`);
}

export const invalidArn = (arn: string, detail?: string): ServiceError =>
  new ServiceError(
    "InvalidArn",
    detail === undefined ? `Invalid Arn: '${arn}'` : `Invalid Arn: '${detail}: ${arn}'`,
  );

export const invalidName = (name: string): ServiceError =>
  new ServiceError("InvalidName", `Invalid Name: '${name}'`);

export const invalidToken = (): ServiceError =>
  new ServiceError("InvalidToken", "Invalid Token: 'Invalid token'");

export const taskTimedOut = (): ServiceError =>
  new ServiceError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");

export const invalidOutput = (detail: string): ServiceError =>
  new ServiceError("InvalidOutput", `Invalid Output: '${detail}'`);

export const invalidDefinition = (detail: string): ServiceError =>
  new ServiceError("InvalidDefinition", `Invalid State Machine Definition: '${detail}'`);

export const invalidExecutionInput = (detail: string): ServiceError =>
  new ServiceError("InvalidExecutionInput", `Invalid State Machine Execution Input: '${detail}'`);

export const stateMachineDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);

export const stateMachineAlreadyExists = (arn: string): ServiceError =>
  new ServiceError("StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`);

export const stateMachineDeleting = (arn: string): ServiceError =>
  new ServiceError("StateMachineDeleting", `State Machine is deleting: '${arn}'`);

export const typeNotSupported = (): ServiceError =>
  new ServiceError(
    "StateMachineTypeNotSupported",
    "This operation is not supported by this type of state machine",
  );

export const executionDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);

export const executionAlreadyExists = (arn: string): ServiceError =>
  new ServiceError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);

export const executionNotRedrivable = (detail: string): ServiceError =>
  new ServiceError("ExecutionNotRedrivable", `Execution is not redrivable: '${detail}'`);

export const activityDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("ActivityDoesNotExist", `Activity Does Not Exist: '${arn}'`);

export const resourceNotFound = (arn: string): ServiceError =>
  new ServiceError("ResourceNotFound", `Resource not found: '${arn}'`, {
    members: { resourceName: arn },
  });

export const tooManyTags = (arn: string): ServiceError =>
  new ServiceError("TooManyTags", `Too many tags: '${arn}'`, { members: { resourceName: arn } });

export const conflict = (message: string): ServiceError =>
  new ServiceError("ConflictException", message);

export const quotaExceeded = (message: string): ServiceError =>
  new ServiceError("ServiceQuotaExceededException", message);
