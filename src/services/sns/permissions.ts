import { formatArn } from "../../kernel/arn.ts";
import { invalidParameter } from "./errors.ts";
import { topicArn } from "./topic.ts";
import type { TopicRecord } from "./topic.ts";
import { defaultPolicy } from "./topic-attributes.ts";
import { checkGrantable } from "./topic-policy.ts";

interface Policy {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
}

interface Statement {
  readonly Sid?: string;
  readonly [element: string]: unknown;
}

/** The topic's policy with one more statement. Throws InvalidParameter. */
export function withPermission(
  topic: TopicRecord,
  grant: {
    readonly label: string;
    readonly accountIds: readonly string[];
    readonly actions: readonly string[];
  },
): string {
  const policy = policyOf(topic);
  const { label, accountIds, actions } = grant;
  if (label === "" || actions.length === 0 || accountIds.length === 0)
    throw invalidParameter("Label");
  if (policy.Statement.some(({ Sid }) => Sid === label))
    throw invalidParameter("Statement already exists");
  checkGrantable(actions);
  if (accountIds.some((id) => !/^\d{12}$/.test(id))) {
    throw invalidParameter("A provided account ID is not valid");
  }
  const principals = accountIds.map((id) =>
    formatArn("iam", { region: "", accountId: id }, "root"),
  );
  const names = actions.map((action) => `SNS:${action}`);
  const statement: Statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: principals.length === 1 ? principals[0] : principals },
    Action: names.length === 1 ? names[0] : names,
    Resource: topicArn(topic),
  };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
}

/** The topic's policy without a statement; one that is not there changes nothing. */
export function withoutPermission(topic: TopicRecord, label: string): string {
  const policy = policyOf(topic);
  return JSON.stringify({
    ...policy,
    Statement: policy.Statement.filter(({ Sid }) => Sid !== label),
  });
}

function policyOf(topic: TopicRecord): Policy {
  // Checked when it was set; a single statement need not be a list.
  const policy = JSON.parse(topic.attributes["Policy"] ?? defaultPolicy(topic)) as {
    Statement: Statement | Statement[];
  };
  return { ...policy, Statement: [policy.Statement].flat() };
}
