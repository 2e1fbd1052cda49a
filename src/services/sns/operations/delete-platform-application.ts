import type { DeletePlatformApplicationInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { PLATFORM_APPLICATION } from "../keys.ts";
import { parseApplicationArn } from "../mobile/platform.ts";
import type { Having } from "../sns.ts";
import { isKnownTo } from "../topic.ts";

type Input = Having<DeletePlatformApplicationInput, "PlatformApplicationArn">;

/** DeletePlatformApplication: its endpoints stay, disabled by its absence, as on AWS. */
export function deletePlatformApplication(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { PlatformApplicationArn }, tx) => {
    const address = parseApplicationArn(PlatformApplicationArn);
    if (!isKnownTo(caller, address)) return {};
    const { accountId, region, platform, name } = address;
    tx.delete(PLATFORM_APPLICATION.key(accountId, region, platform, name));
    return {};
  });
}
