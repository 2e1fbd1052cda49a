import type { CreateEndpointResponse, CreatePlatformEndpointInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidParameter } from "../errors.ts";
import {
  checkToken,
  endpointArn,
  findByToken,
  parseApplicationArn,
  putEndpoint,
  requireApplication,
  withEndpointAttributes,
} from "../mobile/platform.ts";
import type { EndpointRecord } from "../mobile/platform.ts";
import type { Having, Sns } from "../sns.ts";

type Input = Having<CreatePlatformEndpointInput, "PlatformApplicationArn" | "Token">;

/** CreatePlatformEndpoint: answers an existing endpoint of the token when it is the same. */
export function createPlatformEndpoint(sns: Sns): Operation<Input, CreateEndpointResponse> {
  return transaction(async ({ caller }, input, tx) => {
    const { Token: token, CustomUserData, Attributes = {} } = input;
    const application = parseApplicationArn(input.PlatformApplicationArn);
    await requireApplication(tx, application, caller);
    checkToken(application, token);
    const given = { ...(CustomUserData === undefined ? {} : { CustomUserData }), ...Attributes };
    const fresh: EndpointRecord = { application, id: sns.deps.random.uuid(), token, enabled: true };
    const wanted = withEndpointAttributes(fresh, given);
    const existing = await findByToken(tx, application, token);
    if (existing === undefined) {
      putEndpoint(tx, wanted);
      return { EndpointArn: endpointArn(wanted) };
    }
    if (existing.customUserData !== wanted.customUserData || existing.enabled !== wanted.enabled) {
      throw invalidParameter(
        `Token Reason: Endpoint ${endpointArn(existing)} already exists with the same Token, but different attributes.`,
      );
    }
    return { EndpointArn: endpointArn(existing) };
  });
}
