import type { SetPlatformApplicationAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import {
  checkApplicationAttributes,
  parseApplicationArn,
  putApplication,
  requireApplication,
} from "../platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<SetPlatformApplicationAttributesInput, "PlatformApplicationArn" | "Attributes">;

/** SetPlatformApplicationAttributes. */
export function setPlatformApplicationAttributes(): Operation<Input, Record<string, never>> {
  return transaction(async (_context, { PlatformApplicationArn, Attributes }, tx) => {
    const application = await requireApplication(tx, parseApplicationArn(PlatformApplicationArn));
    checkApplicationAttributes(Attributes);
    const attributes = { ...application.attributes, ...Attributes };
    putApplication(tx, { ...application, attributes });
    return {};
  });
}
