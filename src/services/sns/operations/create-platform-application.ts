import type {
  CreatePlatformApplicationInput,
  CreatePlatformApplicationResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidParameter } from "../errors.ts";
import {
  applicationArn,
  checkApplication,
  checkApplicationAttributes,
  putApplication,
} from "../platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<CreatePlatformApplicationInput, "Name" | "Platform" | "Attributes">;

/** CreatePlatformApplication; credentials are kept, not tried. */
export function createPlatformApplication(): Operation<Input, CreatePlatformApplicationResponse> {
  return transaction(async ({ caller }, { Name: name, Platform: platform, Attributes }, tx) => {
    const address = { accountId: caller.accountId, region: caller.region, platform, name };
    checkApplication(address);
    checkApplicationAttributes(Attributes);
    if (!Attributes["PlatformCredential"]) {
      throw invalidParameter("Attributes Reason: PlatformCredential is required");
    }
    putApplication(tx, { ...address, attributes: Attributes });
    return { PlatformApplicationArn: applicationArn(address) };
  });
}
