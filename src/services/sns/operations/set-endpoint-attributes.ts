import type { SetEndpointAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidParameter } from "../errors.ts";
import {
  findByToken,
  putEndpoint,
  requireEndpoint,
  withEndpointAttributes,
} from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<SetEndpointAttributesInput, "EndpointArn" | "Attributes">;

/** SetEndpointAttributes. */
export function setEndpointAttributes(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { EndpointArn, Attributes }, tx) => {
    const before = await requireEndpoint(tx, EndpointArn, caller);
    const after = withEndpointAttributes(before, Attributes);
    const registered = await findByToken(tx, after.application, after.token);
    if (registered !== undefined && registered.id !== after.id) {
      throw invalidParameter("This endpoint is already registered with a different token.");
    }
    putEndpoint(tx, after, before);
    return {};
  });
}
