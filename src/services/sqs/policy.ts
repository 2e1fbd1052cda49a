import { formatArn } from "../../kernel/arn.ts";
import { parsePolicy } from "../../kernel/resource-policy.ts";
import type { PolicyDocument, PolicyStatement } from "../../kernel/resource-policy.ts";
import {
  invalidAttributeValue,
  invalidParameter,
  invalidValue,
  overLimit,
  policyOverLimit,
  policyTooLarge,
} from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { queueArn } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";

interface Policy extends PolicyDocument {
  readonly Version: string;
}

/** What AddPermission grants. */
export interface Grant {
  readonly label: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

/** Actions that can be granted to others; "Overview of managing access in Amazon SQS". */
const GRANTABLE = new Set([
  "*",
  "ChangeMessageVisibility",
  "DeleteMessage",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
  "ReceiveMessage",
  "SendMessage",
]);

/** Actions that nobody but the owner may do; the same page. Policies do not know those of batches. */
const OWNER_ONLY = new Set([
  "AddPermission",
  "CancelMessageMoveTask",
  "CreateQueue",
  "DeleteQueue",
  "ListMessageMoveTasks",
  "ListQueueTags",
  "ListQueues",
  "RemovePermission",
  "SetQueueAttributes",
  "StartMessageMoveTask",
  "TagQueue",
  "UntagQueue",
]);

/**
 * Throws InvalidAttributeValue unless `text` is a JSON policy with statements, and OverLimit when it
 * has more of something than "Amazon SQS policy quotas" lists.
 */
export function checkPolicy(text: string): void {
  const { Statement: statements } = readPolicy(text);
  if (statements.length === 0) throw invalidAttributeValue("Policy");
  if (Buffer.byteLength(text) > LIMITS.policyBytes) throw policyTooLarge();
  const where = "the submitted policy";
  checkMost("statements", { found: statements.length, most: LIMITS.policyStatements, where });
  const principals = sumOf(statements, ({ Principal, NotPrincipal }) =>
    countPrincipals(Principal ?? NotPrincipal),
  );
  checkMost("principals", { found: principals, most: LIMITS.policyPrincipals, where });
  for (const statement of statements) checkStatement(statement);
}

/** A policy of 20 statements may have a condition in each: conditions are counted by statement. */
function checkStatement({ Action, NotAction, Condition }: PolicyStatement): void {
  const where = "a statement from the submitted policy";
  const actions = countOf(Action ?? NotAction);
  checkMost("actions", { found: actions, most: LIMITS.statementActions, where });
  const conditions = sumOf(Object.values(Object(Condition)), countKeys);
  checkMost("conditions", { found: conditions, most: LIMITS.statementConditions, where });
}

/** The queue's policy with one more statement. Throws InvalidParameterValue or OverLimit. */
export function withGrant(queue: QueueRecord, grant: Grant): string {
  const arn = queueArn(queue);
  const policy: Policy =
    queue.policy === undefined
      ? { Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy`, Statement: [] }
      : readPolicy(queue.policy);
  checkGrant(policy, grant);
  const principals = grant.accountIds.map((id) =>
    formatArn("iam", { region: "", accountId: id }, "root"),
  );
  const actions = grant.actions.map((action) => `SQS:${action}`);
  const statement: PolicyStatement = {
    Sid: grant.label,
    Effect: "Allow",
    Principal: { AWS: single(principals) },
    Action: single(actions),
    Resource: arn,
  };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
}

/** The queue's policy without the statement of a label, undefined when none is left. */
export function withoutGrant(queue: QueueRecord, label: string): string | undefined {
  const policy = queue.policy === undefined ? undefined : readPolicy(queue.policy);
  const rest = policy?.Statement.filter((statement) => statement.Sid !== label) ?? [];
  if (policy === undefined || rest.length === policy.Statement.length) {
    throw invalidParameter(
      `Value ${label} for parameter Label is invalid. Reason: can't find label on existing policy.`,
    );
  }
  return rest.length === 0 ? undefined : JSON.stringify({ ...policy, Statement: rest });
}

function checkGrant(policy: Policy, { label, accountIds, actions }: Grant): void {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) {
    throw invalidParameter(
      `Value ${label} for parameter Label is invalid. Reason: The label can only include` +
        " alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
    );
  }
  if (policy.Statement.some((statement) => statement.Sid === label)) {
    throw invalidParameter(
      `Value ${label} for parameter Label is invalid. Reason: Already exists.`,
    );
  }
  if (actions.length > LIMITS.statementActions) {
    throw overLimit("Actions", actions.length, LIMITS.statementActions);
  }
  for (const action of actions) {
    if (GRANTABLE.has(action)) continue;
    const reason = OWNER_ONLY.has(action)
      ? "Only the queue owner is allowed to invoke this action."
      : "Please refer to the appropriate WSDL for a list of valid actions.";
    throw invalidValue("ActionName", `SQS:${action}`, reason);
  }
  if (accountIds.length === 0 || !accountIds.every((accountId) => /^\d{12}$/.test(accountId))) {
    throw invalidParameter(
      `Value [${accountIds.join(", ")}] for parameter PrincipalId is invalid. Reason: Unable to verify.`,
    );
  }
  if (policy.Statement.length >= LIMITS.policyStatements) {
    throw overLimit("statements", policy.Statement.length + 1, LIMITS.policyStatements);
  }
}

function checkMost(what: string, counted: Parameters<typeof policyOverLimit>[1]): void {
  if (counted.found > counted.most) throw policyOverLimit(what, counted);
}

/** `"*"`, or lists of names by their kind. */
function countPrincipals(principal: unknown): number {
  if (typeof principal === "string") return 1;
  return sumOf(Object.values(Object(principal)), countOf);
}

function countKeys(value: unknown): number {
  return Object.keys(Object(value)).length;
}

/** How many an element names, which may be one without a list around it. */
function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 1;
}

function sumOf<Value>(values: readonly Value[], count: (value: Value) => number): number {
  return values.reduce((sum, value) => sum + count(value), 0);
}

function readPolicy(text: string): Policy {
  const policy = parsePolicy(text);
  if (policy === undefined) throw invalidAttributeValue("Policy");
  const { Version = "2008-10-17" } = policy;
  if (typeof Version !== "string") throw invalidAttributeValue("Policy");
  return { ...policy, Version };
}

function single(values: readonly string[]): string | readonly string[] | undefined {
  return values.length === 1 ? values[0] : values;
}
