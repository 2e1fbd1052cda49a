/** Verified against the SDK's own signer: its client signs, a request handler hands the bytes to us. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ServiceError } from "../../src/kernel/errors.ts";
import type { HttpRequest } from "../../src/wire/http.ts";
import {
  credentialScopeOf,
  MAX_CLOCK_SKEW_MS,
  verifySignature,
  type Secret,
} from "../../src/wire/sigv4.ts";
import { requestOf, type RequestParts } from "./http-request.ts";

const NOW_MS = Date.UTC(2024, 1, 3, 4, 5, 6);
const CREDENTIALS = { accessKeyId: "AK/ID", secretAccessKey: "s3cr3t" };

/** A request of the SDK, as it goes out. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

function clientOf(options: { sessionToken?: string; handle?: (request: SdkRequest) => void } = {}) {
  const { sessionToken } = options;
  return new SQSClient({
    region: "eu-west-1",
    endpoint: "http://localhost",
    credentials: { ...CREDENTIALS, ...(sessionToken && { sessionToken }) },
    systemClockOffset: NOW_MS - Date.now(),
    maxAttempts: 1,
    requestHandler: {
      // oxlint-disable-next-line typescript/no-explicit-any -- the SDK's own request class
      async handle(request: any) {
        options.handle?.(request);
        throw new Error("answered enough");
      },
    },
  });
}

function partsOf(request: SdkRequest): Required<RequestParts> {
  const query = Object.entries(request.query)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one ?? ""] as const))
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .join("&");
  const { method, path, headers, body = "" } = request;
  return { method, path, query, headers, body };
}

async function signedParts(sessionToken?: string): Promise<Required<RequestParts>> {
  let sent: SdkRequest | undefined;
  const client = clientOf({
    ...(sessionToken !== undefined && { sessionToken }),
    handle: (request) => {
      sent = request;
    },
  });
  await assert.rejects(client.send(new GetQueueUrlCommand({ QueueName: "é" })), /answered enough/);
  assert.ok(sent);
  return partsOf(sent);
}

async function presignedParts(
  overrides: Partial<SdkRequest> = {},
): Promise<Required<RequestParts>> {
  const { signer } = clientOf().config;
  // oxlint-disable-next-line typescript/no-explicit-any -- the signer's type hides `presign`
  const presigner: any = await (signer as any)();
  const request = await presigner.presign(
    {
      method: "GET",
      protocol: "http:",
      hostname: "localhost",
      path: "/000000000000/q",
      query: { Action: "ReceiveMessage", b: "2 +&=*'é", a: ["2", "1"] },
      headers: { host: "localhost" },
      ...overrides,
    },
    {
      signingDate: new Date(NOW_MS),
      expiresIn: 60,
      signingRegion: "eu-west-1",
      signingService: "sqs",
    },
  );
  return partsOf(request);
}

const secretOf = (accessKeyId: string): Secret | undefined =>
  accessKeyId === CREDENTIALS.accessKeyId
    ? { secretAccessKey: CREDENTIALS.secretAccessKey }
    : undefined;

function outcome(request: HttpRequest, nowMs = NOW_MS, lookup = secretOf): string {
  try {
    const scope = verifySignature(request, { nowMs, secretOf: lookup });
    return `${scope.accessKeyId} ${scope.region} ${scope.service}`;
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
}

/** The parts with one header replaced or, when undefined, removed. */
function withHeader(
  parts: Required<RequestParts>,
  name: string,
  value: string | undefined,
): RequestParts {
  const rest = Object.entries(parts.headers).filter(([key]) => key.toLowerCase() !== name);
  if (value !== undefined) rest.push([name, value]);
  return { ...parts, headers: Object.fromEntries(rest) };
}

test("a request that the SDK signed is verified", async () => {
  const parts = await signedParts();
  assert.equal(outcome(requestOf(parts)), "AK/ID eu-west-1 sqs");
  const scope = { accessKeyId: "AK/ID", date: "20240203", region: "eu-west-1", service: "sqs" };
  assert.deepEqual(credentialScopeOf(requestOf(parts)), scope);
});

test("a URL that the SDK presigned is verified until it expires", async () => {
  const parts = await presignedParts();
  assert.equal(outcome(requestOf(parts)), "AK/ID eu-west-1 sqs");
  assert.equal(credentialScopeOf(requestOf(parts))?.service, "sqs");
  assert.equal(outcome(requestOf(parts), NOW_MS + 60_000), "AK/ID eu-west-1 sqs");
  assert.equal(outcome(requestOf(parts), NOW_MS + 60_001), "RequestExpired");
  assert.equal(
    outcome(requestOf({ ...parts, query: parts.query.replace("=60&", "=61&") })),
    "SignatureDoesNotMatch",
  );
});

test("paths are normalised and encoded twice, parameters sorted", async () => {
  for (const path of ["/", "/a%20b/c%2Fd/", "/a//./b/../c", "/é*'()".replaceAll("é", "%C3%A9")]) {
    assert.equal(outcome(requestOf(await presignedParts({ path }))), "AK/ID eu-west-1 sqs", path);
  }
});

test("whatever is changed on the way, the signature no longer matches", async () => {
  const parts = await signedParts();
  const changed: RequestParts[] = [
    { ...parts, method: "PUT" },
    { ...parts, path: "/other" },
    { ...parts, query: "a=b" },
    { ...parts, body: "{}" },
    withHeader(parts, "x-amz-target", "AmazonSQS.DeleteQueue"),
    withHeader(parts, "host", "elsewhere"),
    withHeader(parts, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    withHeader(parts, "x-amz-new", "unsigned"),
  ];
  for (const request of changed) {
    assert.equal(outcome(requestOf(request)), "SignatureDoesNotMatch", JSON.stringify(request));
  }
  const otherSecret = () => ({ secretAccessKey: "other" });
  assert.equal(outcome(requestOf(parts), NOW_MS, otherSecret), "SignatureDoesNotMatch");
});

test("the clocks may differ by fifteen minutes", async () => {
  const request = requestOf(await signedParts());
  const within = MAX_CLOCK_SKEW_MS - 5000;
  const beyond = MAX_CLOCK_SKEW_MS + 5000;
  assert.equal(outcome(request, NOW_MS + within), "AK/ID eu-west-1 sqs");
  assert.equal(outcome(request, NOW_MS - within), "AK/ID eu-west-1 sqs");
  assert.equal(outcome(request, NOW_MS + beyond), "SignatureDoesNotMatch");
  assert.equal(outcome(request, NOW_MS - beyond), "SignatureDoesNotMatch");
  assert.throws(
    () => verifySignature(request, { nowMs: NOW_MS + beyond, secretOf }),
    /^ServiceError: Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
  );
});

test("temporary credentials bring their token, others none", async () => {
  const request = requestOf(await signedParts("token"));
  const temporary = () => ({ secretAccessKey: CREDENTIALS.secretAccessKey, sessionToken: "token" });
  assert.equal(outcome(request, NOW_MS, temporary), "AK/ID eu-west-1 sqs");
  assert.equal(outcome(request), "InvalidClientTokenId");
  const without = requestOf(await signedParts());
  assert.equal(outcome(without, NOW_MS, temporary), "InvalidClientTokenId");
  assert.equal(
    outcome(without, NOW_MS, () => undefined),
    "InvalidClientTokenId",
  );
});

test("no signature, half a signature, another algorithm", async () => {
  const parts = await signedParts();
  assert.equal(
    outcome(requestOf(withHeader(parts, "authorization", undefined))),
    "MissingAuthenticationToken",
  );
  const full = parts.headers["authorization"] ?? "";
  const broken = [
    "",
    "Basic dXNlcg==",
    full.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    full.replace(/Credential=[^,]*, /, ""),
    full.replace("/aws4_request", ""),
    full.replace(/SignedHeaders=[^,]*, /, ""),
    full.replace(/Signature=.*/, ""),
  ];
  for (const authorization of broken) {
    const request = requestOf(withHeader(parts, "authorization", authorization));
    assert.equal(outcome(request), "IncompleteSignature", authorization);
  }
  const undated = withHeader(parts, "x-amz-date", undefined);
  assert.equal(outcome(requestOf(undated)), "IncompleteSignature");
  const unsignedHost = full.replace("host;", "");
  assert.notEqual(unsignedHost, full);
  assert.equal(
    outcome(requestOf(withHeader(parts, "authorization", unsignedHost))),
    "SignatureDoesNotMatch",
  );
  for (const day of ["20240202", "202402"]) {
    const other = full.replace("/20240203/", `/${day}/`);
    const request = requestOf(withHeader(parts, "authorization", other));
    assert.equal(outcome(request), "SignatureDoesNotMatch", day);
  }
});

test("a request without a Version 4 credential has no scope", () => {
  const headers = ["", "Basic x", "AWS key:signature", "AWS4-HMAC-SHA256 Credential=a/b"];
  for (const authorization of headers) {
    assert.equal(credentialScopeOf(requestOf({ headers: { authorization } })), undefined);
  }
  assert.equal(credentialScopeOf(requestOf({})), undefined);
  assert.equal(credentialScopeOf(requestOf({ query: "X-Amz-Credential=%" })), undefined);
});

test("a hand-made signature of the documentation's example is verified [IAM User Guide]", () => {
  // The published example of "GET /?Action=ListUsers&Version=2010-05-08" with AWS's example keys.
  const request = requestOf({
    method: "GET",
    query: "Action=ListUsers&Version=2010-05-08",
    headers: {
      host: "iam.amazonaws.com",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "x-amz-date": "20150830T123600Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    },
  });
  const example = () => ({ secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" });
  const result = outcome(request, Date.UTC(2015, 7, 30, 12, 36), example);
  assert.equal(result, "AKIDEXAMPLE us-east-1 iam");
});
