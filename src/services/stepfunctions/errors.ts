import { ServiceError } from "../../kernel/errors.ts";
import { memberPath } from "../../kernel/input-path.ts";
import type { Refusals } from "../../kernel/service.ts";

/** One violated constraint of a request, in the words of AWS's front end. */
export interface Violation {
  /** Name of the member as AWS prints it, for example `name`. */
  readonly member: string;
  /** The offending value as it is printed, `null` or in quotes; absent when it is a secret. */
  readonly shown?: string;
  /** For example `Member must have length less than or equal to 80`. */
  readonly constraint: string;
}

/** The error for a request that does not meet the model's constraints. */
export function validationErrors(violations: readonly Violation[]): ServiceError {
  const texts = violations.map(({ member, shown, constraint }) => {
    const value = shown === undefined ? "Value" : `Value ${shown}`;
    return `${value} at '${member}' failed to satisfy constraint: ${constraint}`;
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
  missing: (paths) =>
    validationErrors(
      paths.map((path) => ({
        member: memberPath(path),
        shown: "null",
        constraint: "Member must not be null",
      })),
    ),
  wrongType: (path, expected, actual) =>
    new ServiceError(
      "SerializationException",
      `${actual.toUpperCase()} cannot be read as ${expected.toUpperCase()} at '${path}'`,
    ),
};

/** The text is no ARN, or not one of the kind that is needed. */
export const invalidArn = (arn: string, detail?: string): ServiceError =>
  new ServiceError(
    "InvalidArn",
    detail === undefined ? `Invalid Arn: '${arn}'` : `Invalid Arn: '${detail}: ${arn}'`,
  );

/** The text is no role's ARN. */
export const invalidRoleArn = (arn: string): ServiceError =>
  new ServiceError("InvalidArn", `Invalid Role Arn: '${arn}'`);

/** The name holds what no name may hold. */
export const invalidName = (name: string): ServiceError =>
  new ServiceError("InvalidName", `Invalid Name: '${name}'`);

/** The task or page token is none of ours. */
export const invalidToken = (): ServiceError =>
  new ServiceError("InvalidToken", "Invalid Token: 'Invalid token'");

/** Nobody waits for the task of the token any more. */
export const taskTimedOut = (): ServiceError =>
  new ServiceError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");

/** The output of a task is no JSON. */
export const invalidOutput = (detail: string): ServiceError =>
  new ServiceError("InvalidOutput", `Invalid Output: '${detail}'`);

/** The definition is no valid one. */
export const invalidDefinition = (detail: string): ServiceError =>
  new ServiceError("InvalidDefinition", `Invalid State Machine Definition: '${detail}'`);

/** The input of an execution is no JSON. */
export const invalidExecutionInput = (detail: string): ServiceError =>
  new ServiceError("InvalidExecutionInput", `Invalid State Machine Execution Input: '${detail}'`);

/** There is no such state machine. */
export const stateMachineDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);

/** The name is taken by a state machine that differs. */
export const stateMachineAlreadyExists = (arn: string): ServiceError =>
  new ServiceError("StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`);

/** The state machine is being deleted. */
export const stateMachineDeleting = (arn: string): ServiceError =>
  new ServiceError("StateMachineDeleting", `State Machine is deleting: '${arn}'`);

/** The operation is not for this type of state machine. */
export const typeNotSupported = (): ServiceError =>
  new ServiceError(
    "StateMachineTypeNotSupported",
    "This operation is not supported by this type of state machine",
  );

/** There is no such execution. */
export const executionDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);

/** The name is taken by an execution that differs or is over. */
export const executionAlreadyExists = (arn: string): ServiceError =>
  new ServiceError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);

/** The execution cannot be redriven, for a reason. */
export const executionNotRedrivable = (detail: string): ServiceError =>
  new ServiceError("ExecutionNotRedrivable", `Execution is not redrivable: '${detail}'`);

/** There is no such activity. */
export const activityDoesNotExist = (arn: string): ServiceError =>
  new ServiceError("ActivityDoesNotExist", `Activity Does Not Exist: '${arn}'`);

/** There is no such resource. */
export const resourceNotFound = (arn: string): ServiceError =>
  new ServiceError("ResourceNotFound", `Resource not found: '${arn}'`, {
    members: { resourceName: arn },
  });

/** The resource would have too many tags. */
export const tooManyTags = (arn: string): ServiceError =>
  new ServiceError("TooManyTags", `Too many tags: '${arn}'`, { members: { resourceName: arn } });

/** The request does not fit the resource as it is now. */
export const conflict = (message: string): ServiceError =>
  new ServiceError("ConflictException", message);

/** The resource would have too many of something. */
export const quotaExceeded = (message: string): ServiceError =>
  new ServiceError("ServiceQuotaExceededException", message);
