import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { silentLog } from "../src/kernel/log.ts";
import { startServer } from "../src/server.ts";
import type { Server } from "../src/server.ts";
import { startProxy } from "./stores/cutting-proxy.ts";
import type { CuttingProxy } from "./stores/cutting-proxy.ts";
import { startPostgres } from "./stores/postgres-server.ts";
import type { PostgresServer } from "./stores/postgres-server.ts";

/** Sooner than anything that waits for its time-out. */
const QUICKLY_MS = 2_500;

interface Node {
  readonly server: Server;
  readonly client: SQSClient;
}

describe("three nodes on one PostgreSQL", () => {
  let database: PostgresServer;
  let nodes: Node[];
  before(async () => {
    database = await startPostgres();
    nodes = await Promise.all([1, 2, 3].map(() => startNode(database.url)));
  });
  after(async () => {
    await Promise.all(nodes.map(stopNode));
    await database.remove();
  });
  const node = (index: number): Node => {
    const found = nodes[index % nodes.length];
    assert.ok(found);
    return found;
  };

  test("a message sent through one node wakes a long poll on another", async () => {
    const queue = await createQueue(node(0), "wakes");
    for (let round = 0; round < 15; round += 1) {
      const polling = receive(node(round + 1), queue, 20);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await node(round).client.send(
        new SendMessageCommand({ QueueUrl: queue, MessageBody: String(round) }),
      );
      const sentMs = performance.now();
      assert.deepEqual(
        (await polling).map(({ Body }) => Body),
        [String(round)],
      );
      assert.ok(performance.now() - sentMs < QUICKLY_MS, "woken, not at the poll's end");
    }
  });

  test("every message is received once, whichever nodes it passes", async () => {
    const queue = await createQueue(node(0), "once");
    await Promise.all(
      Array.from({ length: 150 }, (_, at) =>
        node(at).client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: String(at) })),
      ),
    );
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 6 }, async (_, at) => {
        for (;;) {
          const messages = await receive(node(at), queue, 0);
          if (messages.length === 0 && seen.length >= 150) return;
          for (const { Body } of messages) seen.push(Number(Body));
        }
      }),
    );
    assert.deepEqual(
      seen.toSorted((one, other) => one - other),
      Array.from({ length: 150 }, (_, at) => at),
    );
  });

  test("a FIFO queue keeps its order and deduplicates over all nodes", async () => {
    const queue = await createQueue(node(0), "order.fifo", { FifoQueue: "true" });
    for (let at = 0; at < 30; at += 1) {
      const sends = [0, 1].map((copy) =>
        node(at + copy).client.send(
          new SendMessageCommand({
            QueueUrl: queue,
            MessageBody: String(at),
            MessageGroupId: "group",
            MessageDeduplicationId: String(at),
          }),
        ),
      );
      const [one, other] = await Promise.all(sends);
      assert.equal(one?.MessageId, other?.MessageId);
    }
    const seen: number[] = [];
    for (let round = 0; seen.length < 30; round += 1) {
      for (const { Body, ReceiptHandle } of await receive(node(round), queue, 1)) {
        seen.push(Number(Body));
        await node(round + 1).client.send(
          new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }),
        );
      }
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 30 }, (_, at) => at),
    );
  });

  test("without its database a node answers 503, and serves again by itself", async () => {
    const queue = await createQueue(node(0), "outage");
    await database.kill();
    for (const { server } of nodes) {
      const startedMs = performance.now();
      const answer = await fetch(server.url, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "AmazonSQS.SendMessage",
        },
        body: JSON.stringify({ QueueUrl: queue, MessageBody: "x" }),
      });
      assert.equal(answer.status, 503, await answer.text());
      assert.ok(performance.now() - startedMs < QUICKLY_MS);
      const health = await fetch(`${server.url}/_waystation/health`);
      assert.equal(health.status, 503);
    }
    await database.start();
    for (const { client } of nodes) {
      await client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: "again" }));
    }
    assert.equal((await receive(node(1), queue, 1)).length, 3);
  });
});

describe("the clock of nodes that share a PostgreSQL", { timeout: 60_000 }, () => {
  let database: PostgresServer;
  let proxy: CuttingProxy;
  let here: Node;
  let there: Node;
  before(async () => {
    database = await startPostgres();
    proxy = await startProxy(database.port, () => "pass");
    here = await startNode(database.url);
    there = await startNode(database.url.replace(String(database.port), String(proxy.port)));
  });
  after(async () => {
    await Promise.all([here, there].map(stopNode));
    await proxy.close();
    await database.remove();
  });
  /** Resolves when both clocks stand still at the same time. */
  const together = async (): Promise<void> => {
    for (;;) {
      const [one, other] = [here.server.clock.state(), there.server.clock.state()];
      if (one.mode === "frozen" && other.mode === "frozen" && one.nowMs === other.nowMs) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  test("a move on one node reaches the others, and what it makes visible", async () => {
    const queue = await createQueue(here, "moved", { VisibilityTimeout: "30" });
    await here.server.clock.freeze();
    await together();
    await here.client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: "x" }));
    assert.equal((await receive(there, queue, 0)).length, 1);
    assert.equal((await receive(there, queue, 0)).length, 0);
    await here.server.clock.advance(15_000);
    await together();
    const polling = receive(there, queue, 20);
    await here.server.clock.advance(15_000);
    assert.deepEqual(
      (await polling).map(({ Body }) => Body),
      ["x"],
    );
  });

  test("moves that follow each other closely end alike, on whichever node", async () => {
    await here.server.clock.freeze();
    for (let move = 0; move < 20; move += 1) void here.server.clock.advance(1_000);
    const startMs = here.server.clock.now();
    await here.server.clock.advance(1_000);
    await together();
    assert.equal(there.server.clock.now(), startMs + 21_000);
    await there.server.clock.resume();
    while (here.server.clock.state().mode === "frozen") {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const apartMs = here.server.clock.now() - there.server.clock.now();
    assert.ok(Math.abs(apartMs) < 100, `${apartMs} ms apart`);
  });

  test("a node that was cut off follows when it hears of the others again", async () => {
    proxy.cutAll();
    await here.server.clock.freeze();
    await here.server.clock.advance(3_600_000);
    await together();
  });
});

async function startNode(url: string): Promise<Node> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "postgres", url },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
  });
  const client = new SQSClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 10,
  });
  return { server, client };
}

async function stopNode({ server, client }: Node): Promise<void> {
  client.destroy();
  await server.stop();
}

async function createQueue(
  { client }: Node,
  name: string,
  attributes: Record<string, string> = {},
): Promise<string> {
  const made = await client.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  );
  assert.ok(made.QueueUrl);
  return made.QueueUrl;
}

async function receive(
  { client }: Node,
  queue: string,
  waitSeconds: number,
): Promise<{ Body?: string | undefined; ReceiptHandle?: string | undefined }[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queue,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitSeconds,
    }),
  );
  return Messages;
}
