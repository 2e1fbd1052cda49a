import { createHash } from "node:crypto";
import { formatArn, parseArn } from "../../../kernel/arn.ts";
import type { Caller } from "../../../kernel/caller.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import { invalidAttributes, invalidParameter, notFound } from "../errors.ts";
import { PLATFORM_APPLICATION, PLATFORM_ENDPOINT, PLATFORM_TOKEN } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { isKnownTo } from "../topic.ts";

/** A push platform's application; "Amazon SNS mobile push notifications". */
export interface ApplicationRecord extends ApplicationAddress {
  /** What callers set, credentials included. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Where a platform application is found. */
export interface ApplicationAddress {
  readonly accountId: string;
  readonly region: string;
  readonly platform: string;
  readonly name: string;
}

/** A device's endpoint. */
export interface EndpointRecord {
  readonly application: ApplicationAddress;
  readonly id: string;
  readonly token: string;
  readonly enabled: boolean;
  readonly customUserData?: string;
}

const PLATFORMS = new Set([
  "ADM",
  "APNS",
  "APNS_SANDBOX",
  "APNS_VOIP",
  "APNS_VOIP_SANDBOX",
  "BAIDU",
  "FCM",
  "GCM",
  "MACOS",
  "MACOS_SANDBOX",
  "MPNS",
  "WNS",
]);
const APPLICATION_ATTRIBUTES = new Set([
  "ApplePlatformBundleID",
  "ApplePlatformTeamID",
  "EventDeliveryFailure",
  "EventEndpointCreated",
  "EventEndpointDeleted",
  "EventEndpointUpdated",
  "FailureFeedbackRoleArn",
  "PlatformCredential",
  "PlatformPrincipal",
  "SuccessFeedbackRoleArn",
  "SuccessFeedbackSampleRate",
]);
/** Never shown again. */
const SECRETS = new Set(["PlatformCredential", "PlatformPrincipal"]);

/** `arn:aws:sns:<region>:<account>:app/<platform>/<name>`. */
export function applicationArn(address: ApplicationAddress): string {
  return formatArn("sns", address, `app/${address.platform}/${address.name}`);
}

/** `arn:aws:sns:<region>:<account>:endpoint/<platform>/<application>/<id>`. */
export function endpointArn({
  application,
  id,
}: Pick<EndpointRecord, "application" | "id">): string {
  return formatArn(
    "sns",
    application,
    `endpoint/${application.platform}/${application.name}/${id}`,
  );
}

/** Checks name and platform of a new application. Throws InvalidParameter. */
export function checkApplication(address: ApplicationAddress): void {
  if (!PLATFORMS.has(address.platform)) {
    throw invalidParameter(`Platform Reason: ${address.platform} is not supported`);
  }
  if (!/^[A-Za-z0-9_.-]{1,256}$/.test(address.name))
    throw invalidParameter("Name Reason: must be 1 to 256 letters, digits, _ - .");
}

/** Platforms whose credential says all; the others want a principal, too. */
const WITHOUT_PRINCIPAL: ReadonlySet<string> = new Set(["FCM", "GCM"]);

/** Checks that a new application has its credentials. Throws InvalidParameter. */
export function checkCredentials(
  { platform }: ApplicationAddress,
  attributes: Readonly<Record<string, string>>,
): void {
  const names = WITHOUT_PRINCIPAL.has(platform)
    ? ["PlatformCredential"]
    : ["PlatformCredential", "PlatformPrincipal"];
  const missing = names.find((name) => !attributes[name]);
  if (missing !== undefined) throw invalidAttributes(`${missing} is required`);
}

/** Throws InvalidParameter unless an application can have these attributes. */
export function checkApplicationAttributes(attributes: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(attributes)) {
    if (!APPLICATION_ATTRIBUTES.has(name) && name !== "Enabled") {
      throw invalidAttributes(`${name} is not an attribute of platform applications`);
    }
  }
}

/** Throws InvalidParameter when a device can not have such a token. */
export function checkToken({ platform }: ApplicationAddress, token: string): void {
  if (token === "") throw invalidParameter("Token Reason: can not be empty");
  if (platform === "APNS" || platform === "APNS_SANDBOX") {
    if (/^[0-9A-Fa-f]+$/.test(token) && token.length <= LIMITS.appleTokenDigits) return;
    throw invalidParameter(
      `Token Reason: iOS device tokens must be no more than ${LIMITS.appleTokenDigits} hexadecimal characters`,
    );
  }
  if (Buffer.byteLength(token) > LIMITS.tokenBytes) {
    throw invalidParameter(
      `Token Reason: must be at most ${LIMITS.tokenBytes} bytes long in UTF-8 encoding`,
    );
  }
}

/** An application's attributes without its secrets. */
export function shownAttributes({ attributes }: ApplicationRecord): Record<string, string> {
  return Object.fromEntries([
    ["Enabled", attributes["Enabled"] ?? "true"],
    ...Object.entries(attributes).filter(([name]) => !SECRETS.has(name)),
  ]);
}

/** Whether an ARN is that of a device's endpoint, by its form. */
export function isEndpointArn(arn: string): boolean {
  return parseArn(arn)?.resource.startsWith("endpoint/") ?? false;
}

/** The platform of a device's endpoint, by the form of an ARN; undefined when it is none. */
export function platformOf(arn: string | undefined): string | undefined {
  return arn !== undefined && isEndpointArn(arn)
    ? parseArn(arn)?.resource.split("/")[1]
    : undefined;
}

function checkElements(arn: string, parameter: string): void {
  const { length } = arn.split(":");
  if (length >= 6) return;
  throw invalidParameter(
    `${parameter} Reason: An ARN must have at least 6 elements, not ${length}`,
  );
}

/** Throws InvalidParameter. */
export function parseApplicationArn(arn: string): ApplicationAddress {
  checkElements(arn, "PlatformApplicationArn");
  const parsed = parseArn(arn);
  const [kind, platform, name, ...rest] = parsed?.resource.split("/") ?? [];
  if (parsed?.service !== "sns" || kind !== "app" || !platform || !name || rest.length > 0) {
    throw invalidParameter(
      "PlatformApplicationArn Reason: Wrong number of slashes in relative portion of the ARN.",
    );
  }
  return { accountId: parsed.accountId, region: parsed.region, platform, name };
}

function parseEndpointArn(arn: string): Pick<EndpointRecord, "application" | "id"> {
  checkElements(arn, "EndpointArn");
  const parsed = parseArn(arn);
  const [kind, platform, name, id, ...rest] = parsed?.resource.split("/") ?? [];
  if (
    parsed?.service !== "sns" ||
    kind !== "endpoint" ||
    !platform ||
    !name ||
    !id ||
    rest.length > 0
  ) {
    throw invalidParameter(`EndpointArn Reason: ${arn} is not the ARN of an endpoint`);
  }
  return {
    application: { accountId: parsed.accountId, region: parsed.region, platform, name },
    id,
  };
}

/** The application at an address; undefined when there is none. */
export async function findApplication(
  reader: Reader,
  { accountId, region, platform, name }: ApplicationAddress,
): Promise<ApplicationRecord | undefined> {
  const value = await reader.get(PLATFORM_APPLICATION.key(accountId, region, platform, name));
  return value && decodeRecord<ApplicationRecord>(value);
}

/** The application at an address, which is in the caller's region. Throws NotFound. */
export async function requireApplication(
  reader: Reader,
  address: ApplicationAddress,
  caller: Caller,
): Promise<ApplicationRecord> {
  const isKnown = isKnownTo(caller, address);
  const application = isKnown ? await findApplication(reader, address) : undefined;
  if (application === undefined) throw notFound("PlatformApplication does not exist");
  return application;
}

/** Writes an application. */
export function putApplication(tx: Tx, application: ApplicationRecord): void {
  const { accountId, region, platform, name } = application;
  tx.put(PLATFORM_APPLICATION.key(accountId, region, platform, name), encodeRecord(application));
}

/** The endpoint of an ARN, if it is in the caller's region. Throws InvalidParameter. */
export async function findEndpointOf(
  reader: Reader,
  arn: string,
  caller: Caller,
): Promise<EndpointRecord | undefined> {
  const endpoint = await findEndpoint(reader, arn);
  return endpoint && isKnownTo(caller, endpoint.application) ? endpoint : undefined;
}

/** The endpoint of an ARN; undefined when there is none. Throws InvalidParameter. */
export async function findEndpoint(
  reader: Reader,
  arn: string,
): Promise<EndpointRecord | undefined> {
  const { application, id } = parseEndpointArn(arn);
  const { accountId, region, platform, name } = application;
  const value = await reader.get(PLATFORM_ENDPOINT.key(accountId, region, platform, name, id));
  return value && decodeRecord<EndpointRecord>(value);
}

/** The endpoint of an ARN in the caller's region. Throws InvalidParameter or NotFound. */
export async function requireEndpoint(
  reader: Reader,
  arn: string,
  caller: Caller,
): Promise<EndpointRecord> {
  const endpoint = await findEndpointOf(reader, arn, caller);
  if (endpoint === undefined) throw notFound("Endpoint does not exist");
  return endpoint;
}

/** The endpoint that a device token already has. */
export async function findByToken(
  reader: Reader,
  application: ApplicationAddress,
  token: string,
): Promise<EndpointRecord | undefined> {
  const value = await reader.get(tokenKey(application, token));
  if (value === undefined) return undefined;
  const { id } = decodeRecord<{ id: string }>(value);
  return findEndpoint(reader, endpointArn({ application, id }));
}

/** Writes an endpoint; `before` is what it was. */
export function putEndpoint(tx: Tx, endpoint: EndpointRecord, before?: EndpointRecord): void {
  const { application, id, token } = endpoint;
  const { accountId, region, platform, name } = application;
  if (before !== undefined) tx.delete(tokenKey(application, before.token));
  tx.put(tokenKey(application, token), encodeRecord({ id }));
  tx.put(PLATFORM_ENDPOINT.key(accountId, region, platform, name, id), encodeRecord(endpoint));
}

/** Removes an endpoint and what leads to it. */
export function removeEndpoint(tx: Tx, { application, id, token }: EndpointRecord): void {
  const { accountId, region, platform, name } = application;
  tx.delete(tokenKey(application, token));
  tx.delete(PLATFORM_ENDPOINT.key(accountId, region, platform, name, id));
}

/** An endpoint's attributes as answers show them. */
export function endpointAttributes(endpoint: EndpointRecord): Record<string, string> {
  const { enabled, token, customUserData } = endpoint;
  return {
    Enabled: String(enabled),
    Token: token,
    ...(customUserData === undefined ? {} : { CustomUserData: customUserData }),
  };
}

/** An endpoint with attributes set. Throws InvalidParameter. */
export function withEndpointAttributes(
  endpoint: EndpointRecord,
  attributes: Readonly<Record<string, string>>,
): EndpointRecord {
  const changed: { -readonly [Name in keyof EndpointRecord]: EndpointRecord[Name] } = {
    ...endpoint,
  };
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "Enabled" && /^(?:true|false)$/i.test(value)) {
      changed.enabled = value.toLowerCase() === "true";
    } else if (name === "Token") {
      checkToken(endpoint.application, value);
      changed.token = value;
    } else if (
      name === "CustomUserData" &&
      Buffer.byteLength(value) <= LIMITS.customUserDataBytes
    ) {
      changed.customUserData = value;
    } else if (name !== "ChannelId" && name !== "UserId") {
      throw invalidAttributes(`${name} is no attribute of endpoints, or has an invalid value`);
    }
  }
  return changed;
}

function tokenKey(
  { accountId, region, platform, name }: ApplicationAddress,
  token: string,
): ReturnType<typeof PLATFORM_TOKEN.key> {
  const hash = createHash("sha256").update(token).digest("base64url");
  return PLATFORM_TOKEN.key(accountId, region, platform, name, hash);
}
