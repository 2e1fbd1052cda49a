import type {
  ListPhoneNumbersOptedOutInput,
  ListPhoneNumbersOptedOutResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { PHONE_NUMBER } from "../keys.ts";
import { readPage } from "../page.ts";
import type { PhoneRecord } from "../mobile/sms.ts";

/** ListPhoneNumbersOptedOut. */
export function listPhoneNumbersOptedOut(): Operation<
  ListPhoneNumbersOptedOutInput,
  ListPhoneNumbersOptedOutResponse
> {
  return transaction(async ({ caller }, { nextToken }, tx) => {
    const range = PHONE_NUMBER.below(caller.accountId, caller.region);
    const page = await readPage(tx, range, nextToken);
    const optedOut = page.entries.filter(
      ({ value }) => decodeRecord<PhoneRecord>(value).isOptedOut,
    );
    return {
      phoneNumbers: optedOut.map(({ key }) => PHONE_NUMBER.parts(key)[2]),
      nextToken: page.nextToken,
    };
  });
}
