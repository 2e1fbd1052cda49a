import type { VerifySMSSandboxPhoneNumberInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { encodeRecord } from "../../../kernel/record.ts";
import { resourceDoesNotExist, verificationFailed } from "../errors.ts";
import { SANDBOX_NUMBER } from "../keys.ts";
import { readPhoneNumber } from "../mobile/sms.ts";
import { findSandboxNumber } from "../mobile/sms-settings.ts";
import type { SandboxRecord } from "../mobile/sms-settings.ts";
import type { Having } from "../sns.ts";

type Input = Having<VerifySMSSandboxPhoneNumberInput, "PhoneNumber" | "OneTimePassword">;

/** VerifySMSSandboxPhoneNumber. */
export function verifySmsSandboxPhoneNumber(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { PhoneNumber, OneTimePassword }, tx) => {
    const number = readPhoneNumber(PhoneNumber);
    const record = await findSandboxNumber(tx, caller, number);
    if (record === undefined) throw resourceDoesNotExist();
    if (record.code !== OneTimePassword) throw verificationFailed("WRONG_CODE");
    const verified: SandboxRecord = { ...record, status: "Verified" };
    tx.put(SANDBOX_NUMBER.key(caller.accountId, caller.region, number), encodeRecord(verified));
    return {};
  });
}
