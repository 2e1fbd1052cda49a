import type { ServiceError } from "../../kernel/errors.ts";
import { invalidAttributeValue, invalidRedrive, invalidRedriveAllow } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { addressOfArn } from "./queue.ts";
import type { RedriveAllowPolicy, RedrivePolicy } from "./queue.ts";

/** The redrive policy in a text. Throws InvalidParameterValue. */
export function parseRedrivePolicy(text: string): RedrivePolicy {
  const policy = parseObject(text);
  if (policy === undefined) {
    throw invalidRedrive(
      text,
      "Amazon SQS can't create the redrive policy, as it's not in JSON format.",
    );
  }
  const { deadLetterTargetArn, maxReceiveCount } = policy;
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (policy[name] !== undefined) continue;
    throw invalidRedrive(text, `Redrive policy does not contain mandatory attribute: ${name}.`);
  }
  if (!isQueueArn(deadLetterTargetArn)) {
    throw invalidRedrive(text, "Only SQS queues are valid resources for deadLetterTargetArn");
  }
  const isCount = typeof maxReceiveCount === "number" || /^\d+$/.test(textOf(maxReceiveCount));
  const count = isCount ? Number(maxReceiveCount) : Number.NaN;
  if (!(Number.isInteger(count) && count >= 1 && count <= LIMITS.maxReceiveCount)) {
    const shown = textOf(maxReceiveCount) || JSON.stringify(maxReceiveCount);
    throw invalidRedrive(
      text,
      `Invalid value for maxReceiveCount: ${shown}, valid values are from 1 to ` +
        `${LIMITS.maxReceiveCount} both inclusive.`,
    );
  }
  return { deadLetterTargetArn, maxReceiveCount: count };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The redrive allow policy in a text. Throws InvalidParameterValue or InvalidAttributeValue. */
export function parseRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const { redrivePermission, sourceQueueArns } = parseObject(text) ?? {};
  if (!isPermission(redrivePermission)) throw unsupportedRedriveAllow();
  if (redrivePermission !== "byQueue") {
    if (sourceQueueArns === undefined) return { redrivePermission };
    const reason =
      "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.";
    throw invalidRedriveAllow(text, reason);
  }
  const arns: unknown = sourceQueueArns ?? [];
  if (!Array.isArray(arns)) throw unsupportedRedriveAllow();
  if (arns.length === 0 || arns.length > LIMITS.redriveAllowSources) {
    const many =
      arns.length === 0
        ? "one or more sourceQueueArns values"
        : `between 1 and ${LIMITS.redriveAllowSources} source queue ARNs`;
    const reason = `When you specify the byQueue permission type, you must also specify ${many}.`;
    throw invalidRedriveAllow(text, reason);
  }
  if (!arns.every(isQueueArn)) throw unsupportedRedriveAllow();
  return { redrivePermission, sourceQueueArns: arns };
}

function isPermission(value: unknown): value is RedriveAllowPolicy["redrivePermission"] {
  return value === "allowAll" || value === "denyAll" || value === "byQueue";
}

function isQueueArn(value: unknown): value is string {
  return typeof value === "string" && addressOfArn(value) !== undefined;
}

function unsupportedRedriveAllow(): ServiceError {
  return invalidAttributeValue(
    "RedriveAllowPolicy",
    "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = parsed !== null && typeof parsed === "object" && !Array.isArray(parsed);
    return isObject ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
