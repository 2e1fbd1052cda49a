import type { CreateSMSSandboxPhoneNumberInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { encodeRecord } from "../../../kernel/record.ts";
import { optedOut, userError } from "../errors.ts";
import { SANDBOX_NUMBER } from "../keys.ts";
import { putInOutbox } from "../delivery/outbox.ts";
import { isOptedOut, readPhoneNumber } from "../mobile/sms.ts";
import { findSandboxNumber } from "../mobile/sms-settings.ts";
import type { SandboxRecord } from "../mobile/sms-settings.ts";
import type { Having, Sns } from "../sns.ts";

type Input = Having<CreateSMSSandboxPhoneNumberInput, "PhoneNumber">;

/** CreateSMSSandboxPhoneNumber: its code goes to the outbox. */
export function createSmsSandboxPhoneNumber(sns: Sns): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller, requestId }, { PhoneNumber }, tx) => {
    const number = readPhoneNumber(PhoneNumber);
    if (await isOptedOut(tx, caller, number)) throw optedOut();
    const existing = await findSandboxNumber(tx, caller, number);
    if (existing?.status === "Verified") throw userError("The phone number is verified already");
    const code = String(Math.floor(sns.deps.random.fraction() * 900_000) + 100_000);
    const record: SandboxRecord = { status: "Pending", code };
    tx.put(SANDBOX_NUMBER.key(caller.accountId, caller.region, number), encodeRecord(record));
    await putInOutbox(sns, tx, {
      kind: "sms",
      to: number,
      body: `Your verification code is ${code}`,
      messageId: requestId,
    });
    return {};
  });
}
