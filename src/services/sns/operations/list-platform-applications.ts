import type {
  ListPlatformApplicationsInput,
  ListPlatformApplicationsResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { PLATFORM_APPLICATION } from "../keys.ts";
import { readPage } from "../page.ts";
import { applicationArn, shownAttributes } from "../mobile/platform.ts";
import type { ApplicationRecord } from "../mobile/platform.ts";

/** ListPlatformApplications. */
export function listPlatformApplications(): Operation<
  ListPlatformApplicationsInput,
  ListPlatformApplicationsResponse
> {
  return transaction(async ({ caller }, { NextToken }, tx) => {
    const range = PLATFORM_APPLICATION.below(caller.accountId, caller.region);
    const page = await readPage(tx, range, NextToken);
    return {
      PlatformApplications: page.entries.map(({ value }) => {
        const application = decodeRecord<ApplicationRecord>(value);
        return {
          PlatformApplicationArn: applicationArn(application),
          Attributes: shownAttributes(application),
        };
      }),
      NextToken: page.nextToken,
    };
  });
}
