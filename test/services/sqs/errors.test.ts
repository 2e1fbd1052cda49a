/** How errors look on the wire of AWS JSON, for programs that read them without an SDK. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "./fixture.ts";

const CASES: readonly [operation: string, input: object, type: string, queryError: string][] = [
  [
    "SendMessage",
    { QueueUrl: "http://localhost/000000000000/q" },
    "com.amazon.coral.service#MissingRequiredParameterException",
    "MissingParameter;Sender",
  ],
  [
    "CreateQueue",
    { QueueName: "a b" },
    "com.amazon.coral.service#InvalidParameterValueException",
    "InvalidParameterValue;Sender",
  ],
  [
    "GetQueueUrl",
    { QueueName: "nowhere" },
    "com.amazonaws.sqs#QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue;Sender",
  ],
  [
    "CreateQueue",
    { QueueName: "a", Attributes: { DelaySeconds: "x" } },
    "com.amazonaws.sqs#InvalidAttributeValue",
    "InvalidAttributeValue;Sender",
  ],
  [
    "SendMessage",
    { QueueUrl: "http://localhost/000000000000/q", MessageBody: 7 },
    "com.amazon.coral.service#SerializationException",
    "MalformedInput;Sender",
  ],
];

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly type: unknown;
  readonly message: unknown;
}

async function post(
  url: string,
  operation: string,
  options: { readonly input: object; readonly region?: string },
): Promise<Answer> {
  const scope = `key/20260101/${options.region ?? "us-east-1"}/sqs/aws4_request`;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(options.input),
  });
  const body: unknown = await response.json();
  assert.ok(typeof body === "object" && body !== null);
  const type = "__type" in body ? body.__type : undefined;
  const message = "message" in body ? body.message : undefined;
  assert.equal(type === undefined, message === undefined);
  return { status: response.status, headers: response.headers, type, message };
}

async function withBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  const place = { choice: { kind: "memory" as const }, remove: async () => {} };
  const bench = await Bench.open({ place });
  try {
    await body(bench);
  } finally {
    await bench.close();
  }
}

test("errors have a type with a namespace, and the code of Query in a header", () =>
  withBench(async ({ server }) => {
    for (const [operation, input, type, queryError] of CASES) {
      const answer = await post(server.url, operation, { input });
      assert.equal(answer.type, type);
      assert.equal(answer.headers.get("x-amzn-query-error"), queryError);
      assert.equal(answer.status, 400);
      assert.match(answer.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
    }
  }));

test("a target that names no operation is refused in JSON [UnknownOperationException]", () =>
  withBench(async ({ server }) => {
    const scope = "key/20260101/us-east-1/sqs/aws4_request";
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
    for (const target of ["AmazonSQS", "AmazonSQS.", "", "DynamoDB_20120810.PutItem"]) {
      const response = await fetch(server.url, {
        method: "POST",
        headers: {
          authorization,
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": target,
        },
        body: "{}",
      });
      assert.equal(response.status, 400, target);
      assert.match(
        await response.text(),
        /"com\.amazon\.coral\.service#UnknownOperationException"/,
      );
    }
  }));

test("an unsigned action that one service has finds it without a version", () =>
  withBench(async ({ server }) => {
    const status = async (query: string): Promise<number> =>
      (await fetch(`${server.url}/?${query}`)).status;
    assert.equal(await status("Action=ListQueues"), 200);
    assert.equal(await status("Action=ListTopics"), 200);
    assert.equal(await status("Action=AddPermission"), 404);
    assert.equal(await status("Action=toString"), 404);
    assert.equal(await status("Action=ListQueues&Version=2011-06-15"), 404);
  }));

test("values of a wrong type are refused in the words of the front end [SerializationException]", () =>
  withBench(async ({ server }) => {
    const cases: readonly [object, string][] = [
      [{ MaxNumberOfMessages: "10" }, "STRING_VALUE can not be converted to an Integer"],
      [{ QueueUrl: 7 }, "NUMBER_VALUE can not be converted to a String"],
      [{ QueueUrl: {} }, "Start of structure or map found where not expected."],
      [{ QueueUrl: [] }, "Start of list found where not expected"],
      [{ AttributeNames: "All" }, "Unexpected value type in payload"],
    ];
    for (const [input, words] of cases) {
      const answer = await post(server.url, "ReceiveMessage", { input });
      assert.equal(answer.type, "com.amazon.coral.service#SerializationException");
      assert.equal(answer.message, words);
    }
  }));

test("a region of any length is refused or answered, in a scope and in a URL", () =>
  withBench(async ({ server }) => {
    const region = "r".repeat(3_000);
    const inputs = {
      CreateQueue: { QueueName: "x" },
      GetQueueUrl: { QueueName: "x" },
      ListQueues: {},
    };
    for (const [operation, input] of Object.entries(inputs)) {
      const { type } = await post(server.url, operation, { input, region });
      assert.equal(type, "com.amazon.coral.service#InvalidSignatureException", operation);
    }
    const QueueUrl = `${server.url}/queue/${region}/000000000000/x`;
    const { type } = await post(server.url, "PurgeQueue", { input: { QueueUrl } });
    assert.equal(type, "com.amazonaws.sqs#QueueDoesNotExist");
  }));
