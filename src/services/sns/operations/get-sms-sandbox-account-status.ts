import type { GetSMSSandboxAccountStatusResult } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { isInSandbox } from "../mobile/sms-settings.ts";
import type { Sns } from "../sns.ts";

/** GetSMSSandboxAccountStatus. */
export function getSmsSandboxAccountStatus(
  sns: Sns,
): Operation<Record<string, never>, GetSMSSandboxAccountStatusResult> {
  return transaction(async () => ({ IsInSandbox: isInSandbox(sns) }));
}
