import { createHash, createHmac } from "node:crypto";
import { ServiceError } from "../kernel/errors.ts";
import { canonicalHeaders, canonicalPath, canonicalQuery, parseQuery } from "./sigv4-canonical.ts";
import { isSameSecret } from "./secrets.ts";
import type { HttpRequest } from "./http.ts";

/** Who says to have signed a request, and for what. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  /** The signing name, for example `sqs` or `states`. */
  readonly service: string;
}

/** What belongs to an access key id. */
export interface Secret {
  readonly secretAccessKey: string;
  /** The token that requests with temporary credentials bring. */
  readonly sessionToken?: string;
}

/** How far a client's clock may be off. */
export const MAX_CLOCK_SKEW_MS: number = 15 * 60_000;

/** The longest that a presigned URL may live. */
export const MAX_PRESIGNED_SECONDS: number = 7 * 24 * 3600;

const ALGORITHM = "AWS4-HMAC-SHA256";
const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/**
 * The scope that a request's `Authorization` header or presigned query names, unverified. Undefined
 * when it has none in the form of Signature Version 4.
 */
export function credentialScopeOf(request: HttpRequest): CredentialScope | undefined {
  const header = request.header("authorization");
  if (header !== undefined) {
    const credential = /\bCredential=([^,\s]+)/.exec(header)?.[1];
    return credential === undefined ? undefined : parseScope(credential);
  }
  if (!request.query.includes("X-Amz-Credential=")) return undefined;
  const credential = parseQuery(request.query)?.find(([name]) => name === "X-Amz-Credential")?.[1];
  return credential === undefined ? undefined : parseScope(credential);
}

/**
 * Verifies the signature of a request, in its header or in its presigned query, as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html says.
 * Throws `MissingAuthenticationToken`, `IncompleteSignature`, `InvalidClientTokenId`,
 * `SignatureDoesNotMatch` or `RequestExpired`.
 */
export function verifySignature(
  request: HttpRequest,
  options: {
    readonly nowMs: number;
    readonly secretOf: (accessKeyId: string) => Secret | undefined;
  },
): CredentialScope {
  const claim = claimOf(request);
  const secret = options.secretOf(claim.scope.accessKeyId);
  if (secret === undefined || !isSameSecret(secret.sessionToken ?? "", claim.sessionToken ?? "")) {
    throw refuse("InvalidClientTokenId", "The security token included in the request is invalid.");
  }
  checkTime(claim, options.nowMs);
  checkSignedHeaders(request, claim);
  const text = stringToSign(request, claim);
  const signature = hmac(signingKey(secret.secretAccessKey, claim.scope), text).toString("hex");
  if (!isSameSecret(signature, claim.signature)) throw doesNotMatch();
  return claim.scope;
}

/** What a request says of its own signature. */
interface Claim {
  readonly form: "header" | "presigned";
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly time: string;
  /** Only of presigned requests. */
  readonly expiresSeconds: number;
  readonly sessionToken: string | undefined;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

function claimOf(request: HttpRequest): Claim {
  const parameters = parseQuery(request.query);
  if (parameters === undefined) {
    throw refuse("IncompleteSignature", "The query string is not percent-encoded UTF-8.");
  }
  const authorization = request.header("authorization");
  if (authorization !== undefined) return headerClaim(request, authorization, parameters);
  const query = new Map(parameters.toReversed());
  if (!query.has("X-Amz-Algorithm") && !query.has("X-Amz-Credential")) {
    throw refuse("MissingAuthenticationToken", "Request is missing Authentication Token");
  }
  return presignedClaim(query, parameters);
}

function headerClaim(
  request: HttpRequest,
  authorization: string,
  parameters: Claim["parameters"],
): Claim {
  const [algorithm, ...rest] = authorization.trim().split(/\s+/);
  if (algorithm !== ALGORITHM) throw incomplete("Authorization header", "algorithm");
  const fields = new Map(
    rest
      .join("")
      .split(",")
      .map((field) => {
        const equals = field.indexOf("=");
        return [field.slice(0, equals), field.slice(equals + 1)] as const;
      }),
  );
  const where = "Authorization header";
  return {
    form: "header",
    scope: required(parseScope(fields.get("Credential") ?? ""), where, "Credential"),
    signedHeaders: signedHeadersOf(fields.get("SignedHeaders"), where),
    signature: required(fields.get("Signature"), where, "Signature"),
    time: required(timeOf(request), where, "X-Amz-Date"),
    expiresSeconds: 0,
    sessionToken: request.header("x-amz-security-token"),
    parameters,
  };
}

function presignedClaim(
  query: ReadonlyMap<string, string>,
  parameters: Claim["parameters"],
): Claim {
  const where = "query string";
  if (query.get("X-Amz-Algorithm") !== ALGORITHM) throw incomplete(where, "X-Amz-Algorithm");
  const time = query.get("X-Amz-Date");
  const expires = query.get("X-Amz-Expires") ?? "";
  const expiresSeconds = /^\d{1,6}$/.test(expires) ? Number(expires) : undefined;
  if (expiresSeconds === undefined || expiresSeconds > MAX_PRESIGNED_SECONDS) {
    throw incomplete(where, "X-Amz-Expires");
  }
  return {
    form: "presigned",
    scope: required(parseScope(query.get("X-Amz-Credential") ?? ""), where, "X-Amz-Credential"),
    signedHeaders: signedHeadersOf(query.get("X-Amz-SignedHeaders"), where),
    signature: required(query.get("X-Amz-Signature"), where, "X-Amz-Signature"),
    time: required(time === undefined ? undefined : isoTime(time), where, "X-Amz-Date"),
    expiresSeconds,
    sessionToken: query.get("X-Amz-Security-Token"),
    parameters: parameters.filter(([name]) => name !== "X-Amz-Signature"),
  };
}

const SCOPE = /^(.+)\/([^/]+)\/([^/]+)\/([^/]+)\/aws4_request$/;

/** `accessKeyId/date/region/service/aws4_request`. */
function parseScope(credential: string): CredentialScope | undefined {
  const [, accessKeyId, date, region, service] = SCOPE.exec(credential) ?? [];
  if (!accessKeyId || !date || !region || !service) return undefined;
  return { accessKeyId, date, region, service };
}

function signedHeadersOf(text: string | undefined, where: string): string[] {
  return required(text, where, "SignedHeaders").split(";");
}

/** When the request says it was signed: `X-Amz-Date`, else the HTTP date. */
function timeOf(request: HttpRequest): string | undefined {
  const amzDate = request.header("x-amz-date");
  if (amzDate !== undefined) return isoTime(amzDate);
  const dateMs = Date.parse(request.header("date") ?? "");
  if (Number.isNaN(dateMs)) return undefined;
  return basicTime(dateMs);
}

function isoTime(text: string): string | undefined {
  return /^\d{8}T\d{6}Z$/.test(text) ? text : undefined;
}

/** A time in the basic format of ISO 8601: `20150830T123600Z`. */
function basicTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function checkTime(claim: Claim, nowMs: number): void {
  const { time } = claim;
  const day = `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6, 8)}`;
  const clock = `${time.slice(9, 11)}:${time.slice(11, 13)}:${time.slice(13, 15)}`;
  const signedMs = Date.parse(`${day}T${clock}Z`);
  if (Number.isNaN(signedMs)) throw incomplete("request", "X-Amz-Date");
  if (time.slice(0, 8) !== claim.scope.date) {
    throw refuse(
      "SignatureDoesNotMatch",
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.scope.date}' != '${time.slice(0, 8)}', from '${time}'.`,
    );
  }
  const now = basicTime(nowMs);
  if (signedMs > nowMs + MAX_CLOCK_SKEW_MS) {
    const limit = basicTime(nowMs + MAX_CLOCK_SKEW_MS);
    const reason = `${time} is still later than ${limit} (${now} + 15 min.)`;
    throw refuse("SignatureDoesNotMatch", `Signature not yet current: ${reason}`);
  }
  if (claim.form === "presigned" && nowMs > signedMs + claim.expiresSeconds * 1000) {
    throw refuse("RequestExpired", `Request has expired: it was signed at ${time}.`);
  }
  if (claim.form === "header" && signedMs < nowMs - MAX_CLOCK_SKEW_MS) {
    const limit = basicTime(nowMs - MAX_CLOCK_SKEW_MS);
    const reason = `${time} is now earlier than ${limit} (${now} - 15 min.)`;
    throw refuse("SignatureDoesNotMatch", `Signature expired: ${reason}`);
  }
}

/** The host and every `x-amz-` header must be signed, or they could be changed on the way. */
function checkSignedHeaders(request: HttpRequest, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  const names = request.headers().map(([name]) => name.toLowerCase());
  const unsigned = names.find((name) => {
    const mustBe = name === "host" || (claim.form === "header" && name.startsWith("x-amz-"));
    return mustBe && !signed.has(name);
  });
  if (unsigned !== undefined) {
    throw refuse("SignatureDoesNotMatch", `The header '${unsigned}' must be signed.`);
  }
}

function stringToSign(request: HttpRequest, claim: Claim): string {
  const { scope } = claim;
  const canonicalRequest = [
    request.method,
    canonicalPath(request.path, scope.service),
    canonicalQuery(claim.parameters),
    canonicalHeaders(request, claim.signedHeaders),
    claim.signedHeaders.join(";"),
    payloadHash(request, claim),
  ].join("\n");
  const credentialScope = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  return [ALGORITHM, claim.time, credentialScope, sha256(canonicalRequest)].join("\n");
}

/** What the client signed as the hash of its body; a hash that is not the body's does not match. */
function payloadHash(request: HttpRequest, claim: Claim): string {
  const named = request.header("x-amz-content-sha256");
  if (named === UNSIGNED_PAYLOAD || named?.startsWith("STREAMING-")) return named;
  if (named === undefined && claim.form === "presigned" && claim.scope.service === "s3") {
    return UNSIGNED_PAYLOAD;
  }
  const hash = sha256(request.body);
  if (named !== undefined && !isSameSecret(named, hash)) throw doesNotMatch();
  return hash;
}

function signingKey(secretAccessKey: string, scope: CredentialScope): Uint8Array {
  const dateKey = hmac(`AWS4${secretAccessKey}`, scope.date);
  const regionKey = hmac(dateKey, scope.region);
  return hmac(hmac(regionKey, scope.service), "aws4_request");
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function required<Value>(value: Value | undefined | "", where: string, what: string): Value {
  if (value === undefined || value === "") throw incomplete(where, what);
  return value;
}

function incomplete(where: string, what: string): ServiceError {
  return refuse("IncompleteSignature", `The ${where} lacks a valid '${what}'.`);
}

function doesNotMatch(): ServiceError {
  return refuse(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}

function refuse(code: string, message: string): ServiceError {
  return new ServiceError(code, message);
}
