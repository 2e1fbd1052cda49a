import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Bench } from "./fixture.ts";

const run = promisify(execFile);

/** The AWS CLI's version; undefined where it is not installed. */
async function cliVersion(): Promise<string | undefined> {
  try {
    return (await run("aws", ["--version"])).stdout.trim();
  } catch {
    return undefined;
  }
}

const version = await cliVersion();
const skip = version === undefined && "the AWS CLI is not installed";

describe("SQS with the AWS CLI", { skip }, () => {
  let bench: Bench;
  before(async () => {
    bench = await Bench.open({ place: { choice: { kind: "memory" }, remove: async () => {} } });
  });
  after(() => bench.close());

  const aws = async (...words: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await run("aws", ["sqs", ...words, "--endpoint-url", bench.server.url], {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_DEFAULT_OUTPUT: "json",
      },
    });
    // What the CLI prints is the answer as JSON.
    return stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  };

  test("a message goes through with its attributes, whose MD5s the CLI verifies", async () => {
    const url = await bench.fifo();
    const group = ["--message-group-id", "g", "--message-deduplication-id", "d"];
    const label = ["--message-attributes", "a={DataType=Number,StringValue=7}"];
    await aws("send-message", "--queue-url", url, "--message-body", "grüße", ...group, ...label);
    const names = ["--message-attribute-names", "All", "--attribute-names", "All"];
    const got = await aws("receive-message", "--queue-url", url, ...names);
    const [message] = got["Messages"] as { Body: string; MessageAttributes: object }[];
    assert.equal(message?.Body, "grüße");
    assert.deepEqual(message.MessageAttributes, { a: { StringValue: "7", DataType: "Number" } });
  });

  test("an error is the one that AWS gives", async () => {
    const failed = aws("get-queue-url", "--queue-name", "nowhere");
    await assert.rejects(
      failed,
      /AWS\.SimpleQueueService\.NonExistentQueue.*GetQueueUrl operation/,
    );
  });
});
