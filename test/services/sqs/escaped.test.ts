import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startWaystation } from "../../../src/index.ts";

test("1 MiB of any text fits, however the client escapes it, also in a server's first request", async () => {
  const data = await mkdtemp(join(tmpdir(), "waystation-escaped-"));
  const statuses: number[] = [];
  const call = async (url: string, operation: string, body: string): Promise<void> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `AmazonSQS.${operation}`,
      },
      body,
    });
    await answer.body?.cancel();
    statuses.push(answer.status);
  };
  const bodies = [
    "\\u0436".repeat(524_288),
    "\\ud83d\\ude00".repeat(262_144),
    '\\"'.repeat(1_048_576),
  ];
  {
    await using server = await startWaystation({ data });
    await call(server.url, "CreateQueue", '{"QueueName":"q"}');
  }
  for (const body of bodies) {
    await using server = await startWaystation({ data });
    const queue = `${server.url}/000000000000/q`;
    await call(server.url, "SendMessage", `{"QueueUrl":"${queue}","MessageBody":"${body}"}`);
  }
  await rm(data, { recursive: true });
  assert.deepEqual(statuses, [200, 200, 200, 200]);
});
