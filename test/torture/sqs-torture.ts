import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { silentLog } from "../../src/kernel/log.ts";
import type { Store } from "../../src/kernel/store.ts";
import { startServer } from "../../src/server.ts";
import type { Server } from "../../src/server.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { checkedState, storedMessages } from "../services/sqs/queue-state.ts";
import { killLoop } from "./kill-loop.ts";
import type { TortureOptions } from "./lmdb-ledger.ts";
import {
  callSqs,
  checkReceived,
  FIFO_QUEUE,
  LoadLedger,
  loadSqs,
  receiveSome,
  STANDARD_QUEUE,
} from "./sqs-load.ts";

const CHILD = fileURLToPath(new URL("sqs-child.ts", import.meta.url));
const QUEUES = [STANDARD_QUEUE, FIFO_QUEUE];
/** Longer than any visibility timeout of the load, shorter than deduplication remembers. */
const LATER_MS = 60_000;

/**
 * Kills servers of SQS on one LMDB folder while clients send, receive and delete; checks after each
 * that every acknowledged send is there once or was deleted, that nothing deleted is back, the order of
 * message groups, deduplication of repeated sends, and the counts. Answers how many calls were
 * acknowledged.
 */
export async function tortureSqs({ kills, seed }: TortureOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-sqs-torture-"));
  const ledger = new LoadLedger();
  const loads = new Map<number, Promise<void>>();
  try {
    await makeQueues(folder);
    await killLoop({
      kills,
      seed,
      spawn: ({ number }) => {
        const child = spawn(process.execPath, [CHILD, folder], {
          stdio: ["pipe", "pipe", "inherit"],
        });
        whenServing(child, (url) => {
          const load = loadSqs(url, ledger, number);
          // What it throws is the check's to tell.
          load.catch(() => {});
          loads.set(number, load);
        });
        return child;
      },
      check: async ({ number }) => {
        await loads.get(number);
        const store = await openLmdbStore({ path: folder, log: silentLog });
        try {
          await checkStore(store, ledger);
        } finally {
          await store.close();
        }
      },
    });
    await drain(folder, ledger);
  } finally {
    await rm(folder, { recursive: true });
  }
  return ledger.sent.size + ledger.deleted.size;
}

function whenServing(child: ChildProcess, load: (url: string) => void): void {
  assert.ok(child.stdout);
  createInterface({ input: child.stdout }).once("line", load);
}

async function makeQueues(folder: string): Promise<void> {
  const server = await serve(folder);
  for (const QueueName of QUEUES) {
    const Attributes = QueueName === FIFO_QUEUE ? { FifoQueue: "true" } : {};
    await callSqs(`${server.url}/`, "CreateQueue", { QueueName, Attributes });
  }
  await server.stop();
}

async function checkStore(store: Store, ledger: LoadLedger): Promise<void> {
  const present = new Set<string>();
  for (const name of QUEUES) {
    const url = `http://localhost/000000000000/${name}`;
    await checkedState(store, url);
    const messages = await storedMessages(store, url);
    for (const { body } of messages) {
      assert.ok(!present.has(body), `${body} is there twice`);
      present.add(body);
    }
    if (name === FIFO_QUEUE) checkReceived(inOrder(messages), ledger);
  }
  for (const body of present) {
    assert.ok(ledger.sendTried.has(body), `${body} was never sent`);
    assert.ok(!ledger.deleted.has(body), `${body} was deleted and is back`);
  }
  for (const body of ledger.sent) {
    assert.ok(present.has(body) || ledger.deleteTried.has(body), `${body} was sent and is lost`);
  }
}

/** FIFO messages in the order of their sequence numbers. */
function inOrder(
  messages: readonly { readonly body: string; readonly sequenceNumber?: string }[],
): { Body: string; ReceiptHandle: string }[] {
  return messages
    .toSorted((a, b) => ((a.sequenceNumber ?? "") < (b.sequenceNumber ?? "") ? -1 : 1))
    .map(({ body }) => ({ Body: body, ReceiptHandle: "" }));
}

/** Receives and deletes all that is left, later, when nothing is in flight any more. */
async function drain(folder: string, ledger: LoadLedger): Promise<void> {
  const server = await serve(folder, LATER_MS);
  try {
    for (const name of QUEUES) {
      const url = `${server.url}/000000000000/${name}`;
      const left = await storedMessages(server.store, url);
      const expected = new Set(left.map(({ body }) => body));
      for (
        let some = await receiveSome(url, 600);
        some.length > 0;
        some = await receiveSome(url, 600)
      ) {
        checkReceived(some, ledger);
        for (const { Body, ReceiptHandle } of some) {
          assert.ok(expected.delete(Body), `${Body} came twice`);
          await callSqs(url, "DeleteMessage", { ReceiptHandle });
        }
      }
      assert.equal(expected.size, 0, "all that was there was received");
      assert.equal((await checkedState(server.store, url)).messages, 0);
    }
  } finally {
    await server.stop();
  }
}

async function serve(folder: string, aheadMs = 0): Promise<Server> {
  const clock = new AdjustableClock();
  await clock.advance(aheadMs);
  return startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "lmdb", folder },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
    clock,
  });
}
