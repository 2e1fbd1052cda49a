import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { Hook } from "./fixture.ts";

const CHILD = join(import.meta.dirname, "server-child.ts");

interface Life {
  readonly sns: SNS;
  readonly sqs: SQS;
  readonly url: string;
  kill(): Promise<void>;
}

async function live(folder: string): Promise<Life> {
  const child: ChildProcess = spawn(process.execPath, [CHILD, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(child.stdout);
  const [url] = (await once(createInterface(child.stdout), "line")) as [string];
  const options = {
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    maxAttempts: 1,
  };
  const [sns, sqs] = [new SNS(options), new SQS(options)];
  return {
    sns,
    sqs,
    url,
    kill: async () => {
      sns.destroy();
      sqs.destroy();
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

test("what was acknowledged before kill -9 is delivered after it, once to FIFO queues", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waystation-sns-kill-"));
  const hook = await Hook.open(() => 0);
  let life = await live(folder);
  try {
    const { TopicArn = "" } = await life.sns.createTopic({
      Name: "t.fifo",
      Attributes: { FifoTopic: "true" },
    });
    const { QueueUrl = "" } = await life.sqs.createQueue({
      QueueName: "q.fifo",
      Attributes: { FifoQueue: "true" },
    });
    await life.sns.subscribe({
      TopicArn,
      Protocol: "sqs",
      Endpoint: "arn:aws:sqs:us-east-1:000000000000:q.fifo",
      Attributes: { RawMessageDelivery: "true" },
    });
    const { TopicArn: hooked = "" } = await life.sns.createTopic({ Name: "hooked" });
    await life.sns.subscribe({ TopicArn: hooked, Protocol: "http", Endpoint: hook.url });
    await until(() => hook.calls.length > 0);
    const { Token } = JSON.parse(hook.take()[0]?.body ?? "");
    await life.sns.confirmSubscription({ TopicArn: hooked, Token });
    // The hook hangs, so that no delivery is done when the server dies.
    hook.answer = () => {};
    const acknowledged = new Set<string>();
    const attempts = Array.from({ length: 40 }, async (_, index) => {
      const Message = `m${index}`;
      await life.sns.publish({
        TopicArn,
        Message,
        MessageGroupId: "g",
        MessageDeduplicationId: Message,
      });
      await life.sns.publish({ TopicArn: hooked, Message });
      acknowledged.add(Message);
    });
    const publishing = Promise.allSettled(attempts);
    await until(() => acknowledged.size >= 10);
    await life.kill();
    await publishing;
    hook.take();
    hook.answer = (response) => response.end();

    life = await live(folder);
    const heard = (): Set<string> =>
      new Set(hook.calls.map(({ body }) => JSON.parse(body).Message));
    await until(() => [...acknowledged].every((message) => heard().has(message)));
    // The publisher repeats what it does not know the outcome of.
    for (let index = 0; index < 40; index += 1) {
      const Message = `m${index}`;
      await life.sns.publish({
        TopicArn,
        Message,
        MessageGroupId: "g",
        MessageDeduplicationId: Message,
      });
    }
    const bodies = await drain(life, new URL(QueueUrl).pathname);
    assert.deepEqual(
      bodies.toSorted(),
      Array.from({ length: 40 }, (_, index) => `m${index}`).toSorted(),
    );
  } finally {
    await life.kill();
    await hook.close();
    await rm(folder, { recursive: true });
  }
});

async function drain({ sqs, url }: Life, path: string): Promise<string[]> {
  const QueueUrl = url + path;
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return bodies;
    for (const { Body = "", ReceiptHandle } of Messages) {
      bodies.push(Body);
      await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    }
  }
}

/** Waits, in real time, for what another process does. */
async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!isSo()) {
    assert.ok(performance.now() < endMs, "it came in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
