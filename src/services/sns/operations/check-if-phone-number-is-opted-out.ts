import type {
  CheckIfPhoneNumberIsOptedOutInput,
  CheckIfPhoneNumberIsOptedOutResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { isOptedOut, readPhoneNumber } from "../mobile/sms.ts";
import type { Having } from "../sns.ts";

type Input = Having<CheckIfPhoneNumberIsOptedOutInput, "phoneNumber">;

/** CheckIfPhoneNumberIsOptedOut. */
export function checkIfPhoneNumberIsOptedOut(): Operation<
  Input,
  CheckIfPhoneNumberIsOptedOutResponse
> {
  return transaction(async ({ caller }, { phoneNumber }, tx) => ({
    isOptedOut: await isOptedOut(tx, caller, readPhoneNumber(phoneNumber)),
  }));
}
