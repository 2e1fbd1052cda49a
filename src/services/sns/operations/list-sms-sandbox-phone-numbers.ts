import type {
  ListSMSSandboxPhoneNumbersInput,
  ListSMSSandboxPhoneNumbersResult,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { SANDBOX_NUMBER } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { readPage, readPageSize } from "../page.ts";
import type { SandboxRecord } from "../mobile/sms-settings.ts";

/** ListSMSSandboxPhoneNumbers. */
export function listSmsSandboxPhoneNumbers(): Operation<
  ListSMSSandboxPhoneNumbersInput,
  ListSMSSandboxPhoneNumbersResult
> {
  return transaction(async ({ caller }, { NextToken, MaxResults }, tx) => {
    const range = SANDBOX_NUMBER.below(caller.accountId, caller.region);
    const page = await readPage(tx, range, NextToken, readPageSize(MaxResults, LIMITS.pageSize));
    return {
      PhoneNumbers: page.entries.map(({ key, value }) => ({
        PhoneNumber: SANDBOX_NUMBER.parts(key)[2],
        Status: decodeRecord<SandboxRecord>(value).status,
      })),
      NextToken: page.nextToken,
    };
  });
}
