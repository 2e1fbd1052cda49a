import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../src/kernel/errors.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import { model as sqsModel } from "../../src/services/sqs/model.gen.ts";
import { model as sfnModel } from "../../src/services/stepfunctions/model.gen.ts";
import { awsJson1_0, awsJson1_1 } from "../../src/wire/aws-json.ts";
import { internalFailure } from "../../src/wire/error-form.ts";
import { requestOf, requestOfBytes } from "./http-request.ts";
import { plainRefusals } from "./refusals.ts";

const sqs = awsJson1_0(sqsModel, plainRefusals);
const states = awsJson1_0(sfnModel, plainRefusals);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
  return "none";
}

test("a SendMessage as the AWS CLI sends it [AWS JSON 1.0]", () => {
  const request = requestOfBytes(`POST / HTTP/1.1
Host: localhost:4566
X-Amz-Target: AmazonSQS.SendMessage
Content-Type: application/x-amz-json-1.0
x-amzn-query-mode: true

{"QueueUrl": "http://localhost:4566/000000000000/q", "MessageBody": "h\\u00e9", "DelaySeconds": null, "New": {"a": [1]}}`);
  assert.equal(sqs.operationOf(request), "SendMessage");
  assert.deepEqual(sqs.decode("SendMessage", request), {
    QueueUrl: "http://localhost:4566/000000000000/q",
    MessageBody: "hé",
  });
  assert.deepEqual(sqs.encode("SendMessage", { MessageId: "m", SequenceNumber: undefined }, "r"), {
    status: 200,
    headers: { "Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "r" },
    body: '{"MessageId":"m"}',
  });
});

test("an error has its namespaced type, and its Query code in a header [awsQueryCompatible]", () => {
  const response = sqs.encodeError(new ServiceError("QueueDoesNotExist", "No such queue."), "r");
  assert.deepEqual(response, {
    status: 400,
    headers: {
      "Content-Type": "application/x-amz-json-1.0",
      "x-amzn-RequestId": "r",
      "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
    },
    body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No such queue."}',
  });
});

test("errors of Step Functions have the namespaces of its endpoint and no Query code", () => {
  const members = { resourceName: "arn", at: new Date(1500), blob: new Uint8Array([1]) };
  const response = states.encodeError(new ServiceError("TooManyTags", "why", { members }), "r");
  assert.equal(
    response.body,
    '{"__type":"com.amazonaws.swf.service.v2.model#TooManyTags","message":"why","resourceName":"arn","at":1.5,"blob":"AQ=="}',
  );
  assert.equal(response.headers["x-amzn-query-error"], undefined);
  const invalid = states.encodeError(new ServiceError("ValidationException", "why"), "r");
  assert.match(String(invalid.body), /"com.amazon.coral.validate#ValidationException"/);
});

test("errors that no model has: those of every front end, a service's own, and bugs", () => {
  const unknown = sqs.encodeError(new ServiceError("UnknownOperationException", ""), "r");
  assert.match(String(unknown.body), /"com.amazon.coral.service#UnknownOperationException"/);
  assert.equal(unknown.headers["x-amzn-query-error"], "InvalidAction;Sender");
  const own = sqs.encodeError(new ServiceError("Odd", "", { status: 418, queryCode: "Q" }), "r");
  assert.equal(own.status, 418);
  assert.equal(own.headers["x-amzn-query-error"], "Q;Sender");
  const bug = sqs.encodeError(internalFailure(new Error("secret")), "r");
  assert.equal(bug.status, 500);
  assert.equal(bug.headers["x-amzn-query-error"], "InternalError;Receiver");
  assert.doesNotMatch(String(bug.body), /secret/);
  const noToken = new ServiceError("MissingAuthenticationToken", "");
  assert.equal(sqs.encodeError(noToken, "r").status, 403);
  assert.equal(states.encodeError(noToken, "r").status, 400);
});

test("a target of another service, or none, names no operation", () => {
  const targets = ["AmazonSNS.SendMessage", "AmazonSQS.", "AmazonSQS", ""];
  for (const target of targets) {
    const request = requestOf({ headers: { "x-amz-target": target } });
    assert.equal(sqs.operationOf(request), undefined, target);
  }
  assert.equal(sqs.operationOf(requestOf({})), undefined);
  assert.equal(sqs.unknownOperation(undefined).code, "UnknownOperationException");
  assert.match(sqs.unknownOperation("Fly").message, /Fly/);
});

test("a body that is no JSON object in UTF-8 is refused, never mended", () => {
  const bodies = ["", "{", "null", "[1]x", Buffer.from([0x7b, 0xff, 0x7d]), "\ufeff{}"];
  for (const body of bodies) {
    const code = codeOf(() => sqs.decode("ListQueues", requestOf({ body })));
    assert.equal(code, "SerializationException", String(body));
  }
  assert.equal(
    codeOf(() => sqs.decode("ListQueues", requestOf({ body: "[]" }))),
    "WrongType",
  );
  const broken = Buffer.concat([
    Buffer.from('{"QueueName":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
  const code = codeOf(() => sqs.decode("CreateQueue", requestOf({ body: broken })));
  assert.equal(code, "SerializationException");
});

test("blobs and timestamps of an output are written as base64 and seconds", () => {
  const attribute = { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3]) };
  const message = { Body: "b", MessageAttributes: { a: attribute } };
  assert.equal(
    sqs.encode("ReceiveMessage", { Messages: [message] }, "r").body,
    '{"Messages":[{"Body":"b","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AQID"}}}]}',
  );
  const started = { executionArn: "arn", startDate: new Date(1_500_000_000_123) };
  assert.equal(
    states.encode("StartExecution", started, "r").body,
    '{"executionArn":"arn","startDate":1500000000.123}',
  );
});

test("the writer follows a shape that contains itself", () => {
  const model: ServiceModel = {
    ...sqsModel,
    operations: { Grow: { output: "Tree" } },
    structures: { Tree: { members: { leaf: { shape: "blob" }, branches: { shape: "Trees" } } } },
    lists: { Trees: { element: { shape: "Tree" } } },
  };
  const output = { branches: [{ leaf: new Uint8Array([1]) }, { branches: [] }] };
  const response = awsJson1_1(model, plainRefusals).encode("Grow", output, "r");
  assert.equal(response.body, '{"branches":[{"leaf":"AQ=="},{"branches":[]}]}');
  assert.equal(response.headers["Content-Type"], "application/x-amz-json-1.1");
});

test("hostile bodies are read or refused with a ServiceError, whatever they are", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({ QueueUrl: fc.json(), Entries: fc.jsonValue(), __proto__: fc.jsonValue() })
      .map((value) => Buffer.from(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      codeOf(() => sqs.decode("SendMessageBatch", requestOf({ body })));
    }),
    { numRuns: 300 },
  );
  const deep = "[".repeat(200_000);
  codeOf(() => sqs.decode("ListQueues", requestOf({ body: `{"x":${deep}` })));
});
