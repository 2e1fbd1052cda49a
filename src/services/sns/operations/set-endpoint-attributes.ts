import type { SetEndpointAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { putEndpoint, requireEndpoint, withEndpointAttributes } from "../platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<SetEndpointAttributesInput, "EndpointArn" | "Attributes">;

/** SetEndpointAttributes. */
export function setEndpointAttributes(): Operation<Input, Record<string, never>> {
  return transaction(async (_context, { EndpointArn, Attributes }, tx) => {
    const before = await requireEndpoint(tx, EndpointArn);
    putEndpoint(tx, withEndpointAttributes(before, Attributes), before);
    return {};
  });
}
