import type {
  CreatePlatformApplicationInput,
  CreatePlatformApplicationResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import {
  applicationArn,
  checkApplication,
  checkApplicationAttributes,
  checkCredentials,
  findApplication,
  putApplication,
} from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<CreatePlatformApplicationInput, "Name" | "Platform" | "Attributes">;

/** CreatePlatformApplication; credentials are kept, not tried. One that is there keeps its other attributes. */
export function createPlatformApplication(): Operation<Input, CreatePlatformApplicationResponse> {
  return transaction(async ({ caller }, { Name: name, Platform: platform, Attributes }, tx) => {
    const address = { accountId: caller.accountId, region: caller.region, platform, name };
    checkApplication(address);
    checkApplicationAttributes(Attributes);
    checkCredentials(address, Attributes);
    const existing = await findApplication(tx, address);
    putApplication(tx, { ...address, attributes: { ...existing?.attributes, ...Attributes } });
    return { PlatformApplicationArn: applicationArn(address) };
  });
}
