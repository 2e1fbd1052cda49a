import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startWaystation } from "../../src/index.ts";

const SIGNER = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret/with+signs=" };

function sqs(endpoint: string, credentials = SIGNER, region = "eu-central-1"): SQSClient {
  return new SQSClient({ endpoint, region, credentials, maxAttempts: 1 });
}

test("an SDK that signs with a configured credential is let in, any other is not", async () => {
  const credentials = { [SIGNER.accessKeyId]: SIGNER.secretAccessKey };
  await using server = await startWaystation({ credentials });
  const listed = await sqs(server.url).send(new ListQueuesCommand({}));
  assert.equal(listed.$metadata.httpStatusCode, 200);
  const wrongSecret = sqs(server.url, { ...SIGNER, secretAccessKey: "other" });
  await assert.rejects(wrongSecret.send(new ListQueuesCommand({})), {
    name: "SignatureDoesNotMatch",
  });
  const unknown = sqs(server.url, { ...SIGNER, accessKeyId: "AKIDOTHER" });
  await assert.rejects(unknown.send(new ListQueuesCommand({})), {
    name: "InvalidClientTokenId",
  });
});

test("queue URLs carry the address that the client used", async () => {
  await using server = await startWaystation();
  for (const host of ["localhost", "127.0.0.1"]) {
    const endpoint = `http://${host}:${server.port}`;
    const client = sqs(endpoint);
    const created = await client.send(new CreateQueueCommand({ QueueName: "here" }));
    assert.equal(created.QueueUrl, `${endpoint}/000000000000/here`);
    const found = await client.send(new GetQueueUrlCommand({ QueueName: "here" }));
    assert.equal(found.QueueUrl, created.QueueUrl);
  }
});

test("a message of a megabyte, which comes in many packets, arrives", async () => {
  await using server = await startWaystation();
  const client = sqs(server.url);
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "large" }));
  const MessageBody = "x".repeat(1024 * 1024);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
  assert.equal(Messages?.[0]?.Body, MessageBody);
});

test("the clock ends an SDK's long poll, and so does a stop", async () => {
  await using server = await startWaystation();
  await server.clock.freeze();
  const client = sqs(server.url);
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "quiet" }));
  const poll = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 });
  const first = client.send(poll);
  await client.send(new ListQueuesCommand({}));
  await server.clock.advance(20_000);
  assert.equal((await first).Messages, undefined);
  const second = client.send(poll);
  await client.send(new ListQueuesCommand({}));
  await server.stop();
  assert.equal((await second).Messages, undefined);
});
