import { formatArn } from "../../kernel/arn.ts";
import { invalidAttributeValue, invalidParameter, overLimit } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { queueArn } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";

/** A resource policy; see the IAM User Guide, "IAM JSON policy elements reference". */
interface Policy {
  readonly Version: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [element: string]: unknown;
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

/** Throws InvalidAttributeValue unless `text` is a JSON policy with statements. */
export function checkPolicy(text: string): void {
  parsePolicy(text);
}

/** The queue's policy with one more statement. Throws InvalidParameterValue or OverLimit. */
export function withGrant(queue: QueueRecord, grant: Grant): string {
  const arn = queueArn(queue);
  const policy: Policy =
    queue.policy === undefined
      ? { Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy`, Statement: [] }
      : parsePolicy(queue.policy);
  checkGrant(policy, grant);
  const principals = grant.accountIds.map((id) =>
    formatArn("iam", { region: "", accountId: id }, "root"),
  );
  const actions = grant.actions.map((action) => `SQS:${action}`);
  const statement: Statement = {
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
  const policy = queue.policy === undefined ? undefined : parsePolicy(queue.policy);
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
  if (actions.length > LIMITS.permissionActions) {
    throw overLimit("Actions", actions.length, LIMITS.permissionActions);
  }
  for (const action of actions) {
    if (GRANTABLE.has(action)) continue;
    throw invalidParameter(
      `Value SQS:${action} for parameter ActionName is invalid. Reason: Only the queue owner is` +
        " allowed to invoke this action.",
    );
  }
  if (accountIds.length === 0 || !accountIds.every((accountId) => /^\d{12}$/.test(accountId))) {
    throw invalidParameter(
      `Value [${accountIds.join(", ")}] for parameter PrincipalId is invalid. Reason: Unable to verify.`,
    );
  }
  if (policy.Statement.length >= LIMITS.permissionStatements) {
    throw overLimit("statements", policy.Statement.length + 1, LIMITS.permissionStatements);
  }
}

function parsePolicy(text: string): Policy {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidAttributeValue("Policy");
  }
  if (!isRecord(parsed)) throw invalidAttributeValue("Policy");
  const { Version = "2008-10-17", Statement } = parsed;
  const statements: unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  if (typeof Version !== "string" || !statements.every(isStatement)) {
    throw invalidAttributeValue("Policy");
  }
  return { ...parsed, Version, Statement: statements };
}

function isStatement(value: unknown): value is Statement {
  if (!isRecord(value)) return false;
  const { Effect, Action, NotAction, Principal, NotPrincipal } = value;
  return (
    (Effect === "Allow" || Effect === "Deny") &&
    (Action ?? NotAction) !== undefined &&
    (Principal ?? NotPrincipal) !== undefined
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function single(values: readonly string[]): string | readonly string[] | undefined {
  return values.length === 1 ? values[0] : values;
}
