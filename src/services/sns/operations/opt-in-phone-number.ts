import type { OptInPhoneNumberInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidParameter } from "../errors.ts";
import { OPT_IN_AGAIN_MS } from "../limits.ts";
import { findPhone, putPhone, readPhoneNumber } from "../mobile/sms.ts";
import type { Having } from "../sns.ts";

type Input = Having<OptInPhoneNumberInput, "phoneNumber">;

/** OptInPhoneNumber: once in 30 days. */
export function optInPhoneNumber(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller, nowMs }, { phoneNumber }, tx) => {
    const number = readPhoneNumber(phoneNumber);
    const phone = await findPhone(tx, caller, number);
    if (phone === undefined || !phone.isOptedOut) return {};
    if (phone.optedInAtMs !== undefined && nowMs < phone.optedInAtMs + OPT_IN_AGAIN_MS) {
      throw invalidParameter("PhoneNumber Reason: can be opted in only once every 30 days");
    }
    putPhone(tx, caller, number, { isOptedOut: false, optedInAtMs: nowMs });
    return {};
  });
}
