import type { SetPlatformApplicationAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import {
  checkApplicationAttributes,
  parseApplicationArn,
  putApplication,
  requireApplication,
} from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<SetPlatformApplicationAttributesInput, "PlatformApplicationArn" | "Attributes">;

/** SetPlatformApplicationAttributes. */
export function setPlatformApplicationAttributes(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { PlatformApplicationArn, Attributes }, tx) => {
    const address = parseApplicationArn(PlatformApplicationArn);
    const application = await requireApplication(tx, address, caller);
    checkApplicationAttributes(Attributes);
    const attributes = { ...application.attributes, ...Attributes };
    putApplication(tx, { ...application, attributes });
    return {};
  });
}
