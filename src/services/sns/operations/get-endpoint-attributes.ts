import type {
  GetEndpointAttributesInput,
  GetEndpointAttributesResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { endpointAttributes, requireEndpoint } from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<GetEndpointAttributesInput, "EndpointArn">;

/** GetEndpointAttributes. */
export function getEndpointAttributes(): Operation<Input, GetEndpointAttributesResponse> {
  return transaction(async ({ caller }, { EndpointArn }, tx) => ({
    Attributes: endpointAttributes(await requireEndpoint(tx, EndpointArn, caller)),
  }));
}
