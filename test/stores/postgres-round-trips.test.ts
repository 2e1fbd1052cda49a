import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { systemRandom } from "../../src/random.ts";
import { readCounts } from "../../src/services/stepfunctions/execution/counts.ts";
import { connect } from "../../src/stores/postgres/driver.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { openLocalSqs } from "../services/sqs/in-process.ts";
import type { LocalSqs } from "../services/sqs/in-process.ts";
import { startProxy } from "./cutting-proxy.ts";
import type { CuttingProxy } from "./cutting-proxy.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";

const MANY_GROUPS: readonly string[] = Array.from({ length: 40 }, (_, at) => `group-${at}`);

describe("round trips to PostgreSQL, the commit included", () => {
  let server: PostgresServer;
  let proxy: CuttingProxy;
  let sqs: LocalSqs;
  let trips = 0;
  before(async () => {
    server = await startPostgres();
    let last: "server" | "client" = "client";
    // One call runs at a time: what is sent after an answer is a new round trip.
    proxy = await startProxy(server.port, (_packet, to) => {
      if (to === "server" && last === "client") trips += 1;
      last = to;
      return "pass";
    });
    // Stands still, so that nothing is read anew because it is old.
    let machineNowMs = Date.now();
    const store = await openPostgresStore({
      url: `postgres://postgres@127.0.0.1:${proxy.port}/postgres`,
      random: systemRandom(),
      machineNow: () => machineNowMs,
    });
    // Nobody answered the greeting in time: a node that is alone sends no wake-ups.
    machineNowMs += 5_000;
    sqs = await openLocalSqs(store);
  });
  after(async () => {
    await sqs.close();
    await proxy.close();
    await server.remove();
  });

  test("of a standard queue", async () => {
    assert.deepEqual(await tripsOn("queue", []), {
      SendMessage: 1,
      ReceiveMessage: 3,
      ChangeMessageVisibility: 3,
      DeleteMessage: 3,
      SendMessageBatch: 1,
      "ReceiveMessage of ten": 3,
      ChangeMessageVisibilityBatch: 3,
      DeleteMessageBatch: 3,
    });
  });

  for (const groups of [MANY_GROUPS, ["group"]]) {
    test(`of a FIFO queue whose messages have ${groups.length} groups`, async () => {
      assert.deepEqual(await tripsOn(`queue${groups.length}.fifo`, groups), {
        SendMessage: 2,
        ReceiveMessage: 4,
        ChangeMessageVisibility: 2,
        DeleteMessage: 2,
        SendMessageBatch: 2,
        "ReceiveMessage of ten": 4,
        ChangeMessageVisibilityBatch: 2,
        DeleteMessageBatch: 2,
      });
    });
  }

  test("of a map run's counts", async () => {
    const read = (): Promise<unknown> => sqs.store.read((reader) => readCounts(reader, "map-run"));
    // The first read opens a connection for snapshots, and is answered before its own has ended.
    await read();
    await allIdle();
    const before = trips;
    await read();
    assert.equal(trips - before, 1);
  });

  /** Waits until no connection of the store does anything. */
  async function allIdle(): Promise<void> {
    const options = { connectTimeoutMs: 5_000, answerTimeoutMs: 5_000, applicationName: "test" };
    const watching = await connect({ url: server.url, ...options });
    const busy = {
      text: "SELECT 1 FROM pg_stat_activity WHERE application_name = 'waystation' AND state <> 'idle'",
    };
    while ((await watching.run(busy)).rows.length > 0);
    await watching.end();
  }

  /**
   * The most round trips of each call while messages pass through a queue, one and ten in turn, after
   * a first round in which the store gets to know the queue's record.
   */
  async function tripsOn(name: string, groups: readonly string[]): Promise<Record<string, number>> {
    const isFifo = groups.length > 0;
    const fifo = { FifoQueue: "true", ContentBasedDeduplication: "true" };
    const { QueueUrl } = await sqs.call<{ QueueUrl: string }>("CreateQueue", {
      QueueName: name,
      Attributes: { VisibilityTimeout: "600", ...(isFifo && fifo) },
    });
    let counted: Record<string, number> = {};
    const call = async <Output>(operation: string, input: object, name = operation) => {
      const before = trips;
      const output = await sqs.call<Output>(operation, { QueueUrl, ...input });
      counted[name] = Math.max(counted[name] ?? 0, trips - before);
      return output;
    };
    let sent = 0;
    const message = (): object => {
      sent += 1;
      const group = isFifo && { MessageGroupId: groups[sent % groups.length] };
      return { MessageBody: `body ${sent}`, ...group };
    };
    const batch = (items: readonly object[]): { Entries: object[] } => ({
      Entries: items.map((item, at) => ({ Id: `e${at}`, ...item })),
    });
    for (let round = 0; round < 4; round += 1) {
      if (round === 1) counted = {};
      await call("SendMessage", message());
      const one = await call<Received>("ReceiveMessage", {});
      const [held] = handlesOf(one);
      await call("ChangeMessageVisibility", { ...held, VisibilityTimeout: 300 });
      await call("DeleteMessage", { ...held });
      await call("SendMessageBatch", batch(Array.from({ length: 10 }, message)));
      const ten = { MaxNumberOfMessages: 10 };
      const all = handlesOf(await call<Received>("ReceiveMessage", ten, "ReceiveMessage of ten"));
      assert.equal(all.length, 10);
      const hidden = all.map((handle) => ({ ...handle, VisibilityTimeout: 300 }));
      await call("ChangeMessageVisibilityBatch", batch(hidden));
      await call("DeleteMessageBatch", batch(all));
    }
    return counted;
  }
});

interface Received {
  readonly Messages?: readonly { readonly ReceiptHandle: string }[];
}

function handlesOf({ Messages = [] }: Received): { ReceiptHandle: string }[] {
  return Messages.map(({ ReceiptHandle }) => ({ ReceiptHandle }));
}
