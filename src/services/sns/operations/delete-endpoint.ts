import type { DeleteEndpointInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { findEndpointOf, removeEndpoint } from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

/** DeleteEndpoint: one that is not there is no error. */
export function deleteEndpoint(): Operation<
  Having<DeleteEndpointInput, "EndpointArn">,
  Record<string, never>
> {
  return transaction(async ({ caller }, { EndpointArn }, tx) => {
    const endpoint = await findEndpointOf(tx, EndpointArn, caller);
    if (endpoint !== undefined) removeEndpoint(tx, endpoint);
    return {};
  });
}
