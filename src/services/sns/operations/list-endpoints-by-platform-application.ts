import type {
  ListEndpointsByPlatformApplicationInput,
  ListEndpointsByPlatformApplicationResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { PLATFORM_ENDPOINT } from "../keys.ts";
import { readPage } from "../page.ts";
import {
  endpointArn,
  endpointAttributes,
  parseApplicationArn,
  requireApplication,
} from "../mobile/platform.ts";
import type { EndpointRecord } from "../mobile/platform.ts";
import type { Having } from "../sns.ts";

type Input = Having<ListEndpointsByPlatformApplicationInput, "PlatformApplicationArn">;

/** ListEndpointsByPlatformApplication. */
export function listEndpointsByPlatformApplication(): Operation<
  Input,
  ListEndpointsByPlatformApplicationResponse
> {
  return transaction(async ({ caller }, { PlatformApplicationArn, NextToken }, tx) => {
    const application = parseApplicationArn(PlatformApplicationArn);
    await requireApplication(tx, application, caller);
    const { accountId, region, platform, name } = application;
    const range = PLATFORM_ENDPOINT.below(accountId, region, platform, name);
    const page = await readPage(tx, range, NextToken);
    return {
      Endpoints: page.entries.map(({ value }) => {
        const endpoint = decodeRecord<EndpointRecord>(value);
        return { EndpointArn: endpointArn(endpoint), Attributes: endpointAttributes(endpoint) };
      }),
      NextToken: page.nextToken,
    };
  });
}
