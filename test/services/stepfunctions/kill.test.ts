import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SFN } from "@aws-sdk/client-sfn";
import { SQS } from "@aws-sdk/client-sqs";
import { busyMachine, checkHistory, receiveAll, SENT, untilEnded } from "./busy-machine.ts";
import { ROLE } from "./workshop.ts";

const SCRIPT = fileURLToPath(new URL("killed-server.ts", import.meta.url));
const EXECUTIONS = 4;
const KILLS = 3;

interface Running {
  readonly child: ChildProcess;
  readonly sfn: SFN;
  readonly sqs: SQS;
}

async function begin(folder: string): Promise<Running> {
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ["ignore", "pipe", "inherit"] });
  assert.ok(child.stdout);
  const [line] = await once(child.stdout, "data");
  const config = {
    endpoint: String(line).trim(),
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  return { child, sfn: new SFN(config), sqs: new SQS(config) };
}

async function kill({ child, sfn, sqs }: Running): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
  sfn.destroy();
  sqs.destroy();
}

test(
  "a server that is killed goes on where it was: one history, each message once",
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "waystation-kill-"));
    let running = await begin(folder);
    try {
      const { QueueUrl = "" } = await running.sqs.createQueue({ QueueName: "sent" });
      const path = new URL(QueueUrl).pathname;
      const machine = await running.sfn.createStateMachine({
        name: "m",
        definition: busyMachine(`http://queues${path}`),
        roleArn: ROLE,
      });
      const arns: string[] = [];
      for (let index = 0; index < EXECUTIONS; index += 1) {
        const started = await running.sfn.startExecution({
          stateMachineArn: machine.stateMachineArn,
          name: `e${index}`,
        });
        arns.push(started.executionArn ?? "");
      }
      for (let count = 0; count < KILLS; count += 1) {
        await new Promise((resolve) => setTimeout(resolve, 40 + count * 60));
        await kill(running);
        running = await begin(folder);
      }
      for (const executionArn of arns) await untilEnded(running.sfn, executionArn);
      for (const executionArn of arns) await checkHistory(running.sfn, executionArn);
      const bodies = await receiveAll(running.sqs, path);
      assert.equal(bodies.length, EXECUTIONS * SENT);
      assert.equal(new Set(bodies).size, bodies.length);
    } finally {
      await kill(running);
      await rm(folder, { recursive: true });
    }
  },
);
