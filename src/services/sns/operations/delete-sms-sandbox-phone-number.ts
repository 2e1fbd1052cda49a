import type { DeleteSMSSandboxPhoneNumberInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { resourceDoesNotExist } from "../errors.ts";
import { SANDBOX_NUMBER } from "../keys.ts";
import { readPhoneNumber } from "../mobile/sms.ts";
import { findSandboxNumber } from "../mobile/sms-settings.ts";
import type { Having } from "../sns.ts";

type Input = Having<DeleteSMSSandboxPhoneNumberInput, "PhoneNumber">;

/** DeleteSMSSandboxPhoneNumber. */
export function deleteSmsSandboxPhoneNumber(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { PhoneNumber }, tx) => {
    const number = readPhoneNumber(PhoneNumber);
    if ((await findSandboxNumber(tx, caller, number)) === undefined) throw resourceDoesNotExist();
    tx.delete(SANDBOX_NUMBER.key(caller.accountId, caller.region, number));
    return {};
  });
}
