import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog } from "../../../src/kernel/log.ts";
import { encodeKey, rangeBelow } from "../../../src/kernel/tuple.ts";
import { QUEUE, FIFO_YOUNG } from "../../../src/services/sqs/keys.ts";
import { model } from "../../../src/services/sqs/model.gen.ts";
import { seeded } from "../../seed.ts";
import { randomFrom } from "../../torture/kill-loop.ts";
import { Bench } from "./fixture.ts";

const { seed } = seeded();
const MUTANTS_PER_OPERATION = 12;
const HANG_MS = 5_000;

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What stands in for any value of a valid request. */
const STRANGE: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  "",
  " ",
  "0",
  "\u0000",
  "\ud800",
  "\uffff",
  "../..",
  "x".repeat(3_000),
  "é".repeat(700),
  "{}",
  "[1]",
  '{"maxReceiveCount":1e99,"deadLetterTargetArn":"arn:aws:sqs:::"}',
  "arn:aws:sqs:us-east-1:000000000000:nowhere",
  `arn:aws:sqs:${"r".repeat(2_000)}:000000000000:q`,
  "http://localhost/000000000000/nowhere",
  "AAAA".repeat(600),
  [],
  [null, 1, "x", [], {}],
  {},
  { Id: "x" },
  { __proto__: "x", constructor: "y", toString: "z" },
];

interface Prepared {
  readonly receipt: string;
  readonly foreignReceipt: string;
  readonly expiredReceipt: string;
  readonly taskHandle: string;
}

const Q = "http://localhost/000000000000/q";
const ARN = "arn:aws:sqs:us-east-1:000000000000";
const ATTRIBUTES = {
  a: { DataType: "String", StringValue: "1" },
  b: { DataType: "Binary", BinaryValue: "AA==" },
};

/** A request of each operation that succeeds. */
function validRequests({ receipt, taskHandle }: Prepared): Readonly<Record<string, Json>> {
  const handle = { QueueUrl: Q, ReceiptHandle: receipt };
  return {
    AddPermission: {
      QueueUrl: Q,
      Label: "l",
      AWSAccountIds: ["111122223333"],
      Actions: ["SendMessage"],
    },
    CancelMessageMoveTask: { TaskHandle: taskHandle },
    ChangeMessageVisibility: { ...handle, VisibilityTimeout: 5 },
    ChangeMessageVisibilityBatch: {
      QueueUrl: Q,
      Entries: [{ Id: "1", ReceiptHandle: receipt, VisibilityTimeout: 5 }],
    },
    CreateQueue: { QueueName: "new", Attributes: { DelaySeconds: "1" }, tags: { t: "v" } },
    DeleteMessage: handle,
    DeleteMessageBatch: { QueueUrl: Q, Entries: [{ Id: "1", ReceiptHandle: receipt }] },
    DeleteQueue: { QueueUrl: Q },
    GetQueueAttributes: { QueueUrl: Q, AttributeNames: ["All"] },
    GetQueueUrl: { QueueName: "q", QueueOwnerAWSAccountId: "000000000000" },
    ListDeadLetterSourceQueues: { QueueUrl: `${Q}-dead`, MaxResults: 5 },
    ListMessageMoveTasks: { SourceArn: `${ARN}:q-dead`, MaxResults: 5 },
    ListQueueTags: { QueueUrl: Q },
    ListQueues: { QueueNamePrefix: "q", MaxResults: 5 },
    PurgeQueue: { QueueUrl: Q },
    ReceiveMessage: {
      QueueUrl: `${Q}.fifo`,
      MaxNumberOfMessages: 5,
      VisibilityTimeout: 5,
      WaitTimeSeconds: 0,
      ReceiveRequestAttemptId: "a",
      MessageAttributeNames: ["a.*"],
      MessageSystemAttributeNames: ["All"],
    },
    RemovePermission: { QueueUrl: Q, Label: "held" },
    SendMessage: {
      QueueUrl: Q,
      MessageBody: "x",
      DelaySeconds: 1,
      MessageAttributes: ATTRIBUTES,
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } },
      MessageGroupId: "g",
    },
    SendMessageBatch: {
      QueueUrl: `${Q}.fifo`,
      Entries: [
        { Id: "1", MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: "d" },
        { Id: "2", MessageBody: "y", MessageGroupId: "g", MessageAttributes: ATTRIBUTES },
      ],
    },
    SetQueueAttributes: {
      QueueUrl: Q,
      Attributes: {
        VisibilityTimeout: "5",
        RedrivePolicy: `{"deadLetterTargetArn":"${ARN}:q-dead","maxReceiveCount":3}`,
      },
    },
    StartMessageMoveTask: { SourceArn: `${ARN}:q-dead`, MaxNumberOfMessagesPerSecond: 5 },
    TagQueue: { QueueUrl: Q, Tags: { t: "v" } },
    UntagQueue: { QueueUrl: Q, TagKeys: ["t"] },
  };
}

let bench: Bench;
let lastError = "";
before(async () => {
  const log = {
    ...silentLog,
    error: (message: string, fields?: object) =>
      void (lastError = `${message} ${describe(fields)}`),
  };
  const place = { choice: { kind: "memory" as const }, remove: async () => {} };
  bench = await Bench.open({ place, log });
});
after(() => bench.close());

test("every operation has a valid request here, which succeeds", async () => {
  const names = Object.keys(validRequests(await prepare())).toSorted();
  assert.deepEqual(names, Object.keys(model.operations).toSorted());
  for (const name of names) {
    // A running task stands in the way of another one.
    const prepared = await prepare(name !== "StartMessageMoveTask");
    const { status, text } = await post(name, JSON.stringify(validRequests(prepared)[name]));
    assert.equal(status, 200, `${name}: ${text}`);
  }
});

for (const operation of Object.keys(model.operations)) {
  test(`${operation}: strange input is refused without a trace, or succeeds; never a 5xx or a hang (seed ${seed})`, async () => {
    const random = randomFrom(seed + operation.length * 7_919 + operation.charCodeAt(0));
    let prepared = await prepare();
    let state = await dump();
    for (let count = 0; count < MUTANTS_PER_OPERATION; count += 1) {
      const valid = validRequests(prepared)[operation] ?? {};
      const body = mutant(valid, prepared, random);
      const { status, text } = await post(operation, body);
      const shown = () =>
        `${operation} ${status} ${text}\n${lastError}\n${body.toString().slice(0, 2_000)}`;
      assert.ok(status < 500, shown());
      if (status === 200) {
        prepared = await prepare();
        state = await dump();
      } else {
        assert.ok(status >= 400, shown());
        assert.deepEqual(await dump(), state, `refused, but changed something: ${shown()}`);
      }
    }
    assert.equal((await fetch(`${bench.server.url}/_waystation/health`)).status, 200);
  });
}

test(`strange Query requests are refused, or succeed; never a 5xx or a hang (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  const prepared = await prepare();
  const valid = Object.entries(validRequests(prepared)).filter(
    ([name]) => !name.startsWith("Delete"),
  );
  for (let count = 0; count < 150; count += 1) {
    const [operation, input] = pick(valid, random) ?? ["", null];
    const form = new URLSearchParams([
      ["Action", operation],
      ["Version", "2012-11-05"],
      ...flatten(input),
    ]).toString();
    const body = spoilText(form, random);
    const response = await fetch(`${bench.server.url}/000000000000/q`, {
      method: "POST",
      headers: { ...HEADERS, "content-type": "application/x-www-form-urlencoded" },
      body,
      signal: AbortSignal.timeout(HANG_MS),
    });
    const text = await response.text();
    assert.ok(
      response.status < 500,
      `${response.status} ${text}\n${lastError}\n${body.toString("latin1")}`,
    );
  }
  assert.equal((await fetch(`${bench.server.url}/_waystation/health`)).status, 200);
});

/** An empty server with a queue of each kind, a message in flight and a task that runs. */
async function prepare(withTask = true): Promise<Prepared> {
  await bench.server.reset();
  const deadLetterTargetArn = await bench.queue({}, "q-dead").then((url) => bench.arn(url));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1_000 });
  await bench.queue({ RedrivePolicy }, "q");
  await bench.queue({ FifoQueue: "true", ContentBasedDeduplication: "true" }, "q.fifo");
  for (let count = 0; count < 3; count += 1) await bench.send(Q, "x");
  await bench.send(`${Q}.fifo`, "x", { MessageGroupId: "g" });
  await bench.send(`${Q}-dead`, "x");
  const expired = await bench.receiveOne(Q, { VisibilityTimeout: 0 });
  const { ReceiptHandle: receipt } = await bench.receiveOne(Q);
  const { ReceiptHandle: foreignReceipt } = await bench.receiveOne(`${Q}-dead`);
  const grant = { AWSAccountIds: ["111122223333"], Actions: ["SendMessage"] };
  await bench.client.addPermission({ QueueUrl: Q, Label: "held", ...grant });
  let taskHandle = "none";
  if (withTask) {
    const SourceArn = deadLetterTargetArn;
    // The message in flight is not moved, so the task waits for the clock's next second.
    for (let count = 0; count < 3; count += 1) await bench.send(`${Q}-dead`, "y");
    const DestinationArn = `${ARN}:q`;
    const started = await bench.client.startMessageMoveTask({
      SourceArn,
      DestinationArn,
      MaxNumberOfMessagesPerSecond: 1,
    });
    taskHandle = started.TaskHandle ?? "";
  }
  await bench.clock.settle();
  return { receipt, foreignReceipt, expiredReceipt: expired.ReceiptHandle, taskHandle };
}

/** All that SQS keeps, as text. */
async function dump(): Promise<string> {
  await bench.clock.settle();
  const from = rangeBelow(encodeKey(QUEUE.number, [])).from;
  const to = rangeBelow(encodeKey(FIFO_YOUNG.number, [])).to;
  const entries = await bench.server.store.read((reader) =>
    reader.range({ from, to }, { limit: 10_000 }),
  );
  return entries
    .map(({ key, value }) => `${key} ${Buffer.from(value).toString("latin1")}`)
    .join("\n");
}

const HEADERS = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
};

async function post(
  operation: string,
  body: string | Uint8Array,
): Promise<{ status: number; text: string }> {
  const response = await fetch(bench.server.url, {
    method: "POST",
    headers: {
      ...HEADERS,
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
    },
    body,
    signal: AbortSignal.timeout(HANG_MS),
  });
  return { status: response.status, text: await response.text() };
}

/** A valid request with something wrong in it: in its values, or in its bytes. */
function mutant(valid: Json, prepared: Prepared, random: () => number): Buffer {
  let value = valid;
  const changes = 1 + Math.floor(random() * 2);
  for (let count = 0; count < changes; count += 1) value = spoil(value, prepared, random);
  const text = JSON.stringify(value);
  return random() < 0.2 ? spoilText(text, random) : Buffer.from(text);
}

/** Replaces, removes or adds something somewhere in a value. */
function spoil(value: Json, prepared: Prepared, random: () => number): Json {
  const receipts = [
    prepared.foreignReceipt,
    prepared.expiredReceipt,
    prepared.receipt.slice(0, -3),
  ];
  const strange = (): Json => pick([...STRANGE, ...receipts], random) ?? null;
  if (value === null || typeof value !== "object") return strange();
  if (random() < 0.1) return strange();
  if (isList(value)) {
    if (random() < 0.3) return [...value, ...value, strange()];
    const at = Math.floor(random() * value.length);
    return value.map((each, index) => (index === at ? spoil(each, prepared, random) : each));
  }
  const names = Object.keys(value);
  const name = pick(names, random);
  if (name === undefined || random() < 0.1)
    return { ...value, [JSON.stringify(strange()).slice(0, 400)]: strange() };
  const { [name]: old = null, ...rest } = value;
  return random() < 0.15 ? rest : { ...rest, [name]: spoil(old, prepared, random) };
}

/** Cuts, doubles or overwrites some bytes. */
function spoilText(text: string, random: () => number): Buffer {
  const bytes = Buffer.from(text);
  const at = Math.floor(random() * bytes.length);
  const kind = random();
  if (kind < 0.25) return bytes.subarray(0, at);
  if (kind < 0.5) return Buffer.concat([bytes.subarray(0, at), bytes]);
  const junk = Buffer.from(
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * 256)),
  );
  return Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at + 1)]);
}

function flatten(value: Json, prefix = ""): [string, string][] {
  if (value === null || typeof value !== "object") return [[prefix, String(value)]];
  const join = (name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
  if (isList(value)) return value.flatMap((each, index) => flatten(each, join(String(index + 1))));
  return Object.entries(value).flatMap(([name, each]) => flatten(each, join(name)));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function pick<Value>(values: readonly Value[], random: () => number): Value | undefined {
  return values[Math.floor(random() * values.length)];
}

function describe(fields: object | undefined): string {
  const error: unknown = fields && "error" in fields ? fields.error : fields;
  return error instanceof Error ? String(error.stack) : JSON.stringify(error);
}
