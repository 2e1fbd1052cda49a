/** What an operation costs does not grow with what waits: counted in entries that the store reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GetQueueAttributesResult, ReceiveMessageResult } from "@aws-sdk/client-sqs";
import type { Random } from "../../../src/kernel/random.ts";
import type { Entry, Store, Tx } from "../../../src/kernel/store.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import { systemRandom } from "../../../src/random.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { openLocalSqs } from "./in-process.ts";

const QUEUE_URL = "http://localhost/000000000000/deep";

interface CountingStore {
  readonly store: Store;
  /** Entries that it handed out. */
  readonly read: () => number;
  /** Bytes that the transaction which wrote most has put. */
  readonly mostPutBytes: () => number;
}

function countingStore(): CountingStore {
  const store = memoryStore(silentLog);
  let read = 0;
  let mostPutBytes = 0;
  const counted = async (entries: Promise<Entry[]>): Promise<Entry[]> => {
    const found = await entries;
    read += found.length + 1;
    return found;
  };
  const watch = (tx: Tx, put = { bytes: 0 }): Tx => ({
    get: (key) => {
      read += 1;
      return tx.get(key);
    },
    getMany: (keys) => {
      read += keys.length;
      return tx.getMany(keys);
    },
    range: (range, options) => counted(tx.range(range, options)),
    claim: (range, limit) => counted(tx.claim(range, limit)),
    sum: (key) => tx.sum(key),
    put: (key, value) => {
      put.bytes += value.byteLength;
      mostPutBytes = Math.max(mostPutBytes, put.bytes);
      tx.put(key, value);
    },
    delete: (key) => tx.delete(key),
    add: (key, delta) => tx.add(key, delta),
    clearSum: (key) => tx.clearSum(key),
    wake: (wake) => tx.wake(wake),
    afterCommit: (action) => tx.afterCommit(action),
  });
  return {
    read: () => read,
    mostPutBytes: () => mostPutBytes,
    store: {
      transact: (body) => store.transact((tx) => body(watch(tx))),
      read: (body) => store.read(body),
      onWake: (listener) => store.onWake(listener),
      clear: (kept) => store.clear(kept),
      check: () => store.check(),
      close: () => store.close(),
    },
  };
}

/** Chance whose ids all end in one digit: that of a send which clears old ids away, or another. */
function idsEndingIn(digit: string): Random {
  const random = systemRandom();
  return { ...random, uuid: () => `${random.uuid().slice(0, -1)}${digit}` };
}

/** Entries read by a send, a receive and a delete of a quiet group behind a backlog in another. */
async function costBehind(backlog: number, queueUrl: string, random: Random): Promise<number> {
  const { store, read } = countingStore();
  const sqs = await openLocalSqs(store, random);
  const isFifo = queueUrl.endsWith(".fifo");
  const call = <Output>(operation: string, input: object): Promise<Output> =>
    sqs.call(operation, { QueueUrl: queueUrl, ...input });
  const Attributes = isFifo ? { FifoQueue: "true" } : {};
  await call("CreateQueue", { QueueName: queueUrl.split("/").at(-1), Attributes });
  const message = (group: string, number: number): object => ({
    MessageBody: group,
    MessageGroupId: group,
    ...(isFifo && { MessageDeduplicationId: `${group}${number}` }),
  });
  for (let number = 0; number < backlog; number += 1)
    await call("SendMessage", message("noisy", number));
  // The noisy group has its turn, and is locked in a FIFO queue.
  await call("ReceiveMessage", {});
  const before = read();
  await call("SendMessage", message("quiet", 0));
  const names = { MessageSystemAttributeNames: ["All"] };
  const { Messages = [] } = await call<ReceiveMessageResult>("ReceiveMessage", {
    ...names,
    MaxNumberOfMessages: 2,
  });
  const quiet = Messages.find(({ Body }) => Body === "quiet");
  assert.ok(quiet, "the quiet group is served at once");
  await call("DeleteMessage", { ReceiptHandle: quiet.ReceiptHandle });
  const cost = read() - before;
  await sqs.close();
  return cost;
}

for (const [kind, queueUrl, digit] of [
  ["standard", QUEUE_URL, "1"],
  ["FIFO", `${QUEUE_URL}.fifo`, "1"],
  ["FIFO, sends that clear old ids away", `${QUEUE_URL}.fifo`, "0"],
] as const) {
  test(`a backlog in one group does not slow others (${kind})`, async () => {
    const random = idsEndingIn(digit);
    const cost = await costBehind(40, queueUrl, random);
    assert.equal(await costBehind(1_500, queueUrl, random), cost);
  });
}

for (const suffix of ["", ".fifo"]) {
  test(`a move of large messages is many transactions of a few MiB each (${suffix || "standard"})`, async () => {
    const { store, mostPutBytes } = countingStore();
    const sqs = await openLocalSqs(store);
    const isFifo = suffix !== "";
    const create = (name: string, attributes: object) =>
      sqs.call("CreateQueue", {
        QueueName: name + suffix,
        Attributes: { ...attributes, ...(isFifo && { FifoQueue: "true" }) },
      });
    const arn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}${suffix}`;
    await create("dead", {});
    const policy = { deadLetterTargetArn: arn("dead"), maxReceiveCount: 1 };
    await create("source", { RedrivePolicy: JSON.stringify(policy) });
    for (let number = 0; number < 40; number += 1) {
      await sqs.call("SendMessage", {
        QueueUrl: `http://localhost/000000000000/dead${suffix}`,
        MessageBody: "x".repeat(1_000_000),
        // Some groups have one message, one has many.
        ...(isFifo && {
          MessageGroupId: number < 10 ? `g${number}` : "g",
          MessageDeduplicationId: `${number}`,
        }),
      });
    }
    await sqs.call("StartMessageMoveTask", {
      SourceArn: arn("dead"),
      DestinationArn: arn("source"),
    });
    await sqs.clock.settle();
    const { Attributes } = await sqs.call<GetQueueAttributesResult>("GetQueueAttributes", {
      QueueUrl: `http://localhost/000000000000/source${suffix}`,
      AttributeNames: ["All"],
    });
    assert.equal(Attributes?.["ApproximateNumberOfMessages"], "40");
    assert.ok(mostPutBytes() < 8_000_000, `${mostPutBytes()} bytes in one transaction`);
    await sqs.close();
  });
}
