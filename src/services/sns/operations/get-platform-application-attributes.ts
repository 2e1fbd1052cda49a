import type {
  GetPlatformApplicationAttributesInput,
  GetPlatformApplicationAttributesResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { parseApplicationArn, requireApplication, shownAttributes } from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<GetPlatformApplicationAttributesInput, "PlatformApplicationArn">;

/** GetPlatformApplicationAttributes: without credentials. */
export function getPlatformApplicationAttributes(): Operation<
  Input,
  GetPlatformApplicationAttributesResponse
> {
  return transaction(async ({ caller }, { PlatformApplicationArn }, tx) => {
    const address = parseApplicationArn(PlatformApplicationArn);
    const application = await requireApplication(tx, address, caller);
    return { Attributes: shownAttributes(application) };
  });
}
