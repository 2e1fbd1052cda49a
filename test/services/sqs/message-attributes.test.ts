import assert from "node:assert/strict";
import { test } from "node:test";
import { startWaystation } from "../../../src/index.ts";

test("an attribute may be called like anything in JavaScript [message attribute names]", async () => {
  await using server = await startWaystation();
  const call = async (operation: string, body: string): Promise<string> => {
    const answer = await fetch(server.url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `AmazonSQS.${operation}`,
      },
      body,
    });
    return answer.text();
  };
  await call("CreateQueue", '{"QueueName":"names"}');
  const queue = `"QueueUrl":"${server.url}/000000000000/names"`;
  const attribute = '"__proto__":{"DataType":"String","StringValue":"kept"}';
  await call("SendMessage", `{${queue},"MessageBody":"m","MessageAttributes":{${attribute}}}`);
  const received = await call("ReceiveMessage", `{${queue},"MessageAttributeNames":["All"]}`);
  assert.match(received, /"__proto__":\{[^}]*"StringValue":"kept"/);
});
