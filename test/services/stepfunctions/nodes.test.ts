import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SFN } from "@aws-sdk/client-sfn";
import { SQS } from "@aws-sdk/client-sqs";
import { silentLog } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";
import type { Server } from "../../../src/server.ts";
import { startPostgres } from "../../stores/postgres-server.ts";
import type { PostgresServer } from "../../stores/postgres-server.ts";
import { busyMachine, checkHistory, receiveAll, SENT, untilEnded } from "./busy-machine.ts";
import { ROLE } from "./workshop.ts";

const EXECUTIONS = 4;

let postgres: PostgresServer;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.remove());

interface Node {
  readonly server: Server;
  readonly sfn: SFN;
  readonly sqs: SQS;
}

async function node(): Promise<Node> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "postgres", url: postgres.url },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
  });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { endpoint: server.url, region: "us-east-1", credentials };
  return { server, sfn: new SFN(config), sqs: new SQS(config) };
}

async function stop({ server, sfn, sqs }: Node): Promise<void> {
  sfn.destroy();
  sqs.destroy();
  await server.stop();
}

test(
  "two nodes advance executions side by side, none twice [PostgreSQL]",
  { timeout: 120_000 },
  async () => {
    const one = await node();
    const two = await node();
    try {
      const { QueueUrl = "" } = await one.sqs.createQueue({ QueueName: "sent" });
      const path = new URL(QueueUrl).pathname;
      const definition = busyMachine(`http://queues${path}`);
      const { stateMachineArn } = await one.sfn.createStateMachine({
        name: "m",
        definition,
        roleArn: ROLE,
      });
      const arns: string[] = [];
      for (let index = 0; index < EXECUTIONS; index += 1) {
        const { sfn } = index % 2 === 0 ? one : two;
        const { executionArn = "" } = await sfn.startExecution({
          stateMachineArn,
          name: `e${index}`,
        });
        arns.push(executionArn);
      }
      for (const arn of arns) await untilEnded(two.sfn, arn);
      for (const arn of arns) await checkHistory(one.sfn, arn);
      const bodies = await receiveAll(two.sqs, path);
      assert.equal(bodies.length, EXECUTIONS * SENT);
      assert.equal(new Set(bodies).size, bodies.length);
    } finally {
      await stop(one);
      await stop(two);
    }
  },
);
