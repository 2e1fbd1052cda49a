import { formatArn } from "../../kernel/arn.ts";
import { parsePolicy } from "../../kernel/resource-policy.ts";
import type { PolicyDocument, PolicyStatement } from "../../kernel/resource-policy.ts";
import { invalidAttributeValue, invalidParameter, overLimit } from "./errors.ts";
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

/** Throws InvalidAttributeValue unless `text` is a JSON policy with statements. */
export function checkPolicy(text: string): void {
  readPolicy(text);
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
