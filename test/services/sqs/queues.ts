import assert from "node:assert/strict";
import { test } from "node:test";
import { DELETED_QUEUE } from "../../../src/services/sqs/keys.ts";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const NAME_RULE = /alphanumeric characters, hyphens, or underscores.*1 to 80 in length/;

export const queues: Topic = (bench) => {
  test("a name has 1 to 80 letters, digits, hyphens and underscores [CreateQueue, QueueName]", async () => {
    const { client } = bench();
    for (const good of ["a", "A-b_9", "q".repeat(80)]) {
      const { QueueUrl } = await client.createQueue({ QueueName: good });
      assert.ok(QueueUrl?.endsWith(`/000000000000/${good}`));
    }
    for (const bad of ["", "q".repeat(81), "a b", "a.b", "ä", "x.fifo", "a/b"]) {
      await refused(client.createQueue({ QueueName: bad }), "InvalidParameterValue", NAME_RULE);
    }
    await refused(client.createQueue({ QueueName: undefined }), "MissingParameter", /QueueName/);
  });

  test("a FIFO queue's name ends in .fifo, which counts towards the 80", async () => {
    const { client } = bench();
    const Attributes = { FifoQueue: "true" };
    await client.createQueue({ QueueName: `${"q".repeat(75)}.fifo`, Attributes });
    for (const bad of ["plain", `${"q".repeat(76)}.fifo`, ".fifo", "a.b.fifo"]) {
      const made = client.createQueue({ QueueName: bad, Attributes });
      await refused(
        made,
        "InvalidParameterValue",
        /must end with \.fifo suffix and be 1 to 80 in length\.$/,
      );
    }
  });

  test("names tell upper from lower case", async () => {
    const { client } = bench();
    await client.createQueue({ QueueName: "Test" });
    await refused(client.getQueueUrl({ QueueName: "test" }), "QueueDoesNotExist");
  });

  test("making a queue again answers it when the given attributes are the same", async () => {
    const { client } = bench();
    const Attributes = { VisibilityTimeout: "40", DelaySeconds: "0" };
    const first = await client.createQueue({ QueueName: "same", Attributes });
    const again = await client.createQueue({ QueueName: "same", Attributes });
    const bare = await client.createQueue({ QueueName: "same" });
    assert.equal(again.QueueUrl, first.QueueUrl);
    assert.equal(bare.QueueUrl, first.QueueUrl);
    await refused(
      client.createQueue({ QueueName: "same", Attributes: { VisibilityTimeout: "41" } }),
      "QueueNameExists",
      "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
  });

  test("a queue is found by its name, and by nobody when there is none [GetQueueUrl]", async () => {
    const { client } = bench();
    const url = await bench().queue({}, "found");
    assert.equal((await client.getQueueUrl({ QueueName: "found" })).QueueUrl, url);
    const missing = "The specified queue does not exist.";
    await refused(client.getQueueUrl({ QueueName: "lost" }), "QueueDoesNotExist", missing);
    for (const QueueName of ["", "x".repeat(5_000), "\u0000", "ü/.."]) {
      await refused(client.getQueueUrl({ QueueName }), "QueueDoesNotExist", missing);
    }
    const QueueOwnerAWSAccountId = "9".repeat(5_000);
    await refused(
      client.getQueueUrl({ QueueName: "found", QueueOwnerAWSAccountId }),
      "QueueDoesNotExist",
      "The specified queue does not exist or you do not have access to it.",
    );
  });

  test("queues are listed by prefix in pages [ListQueues]", async () => {
    const { client } = bench();
    for (const name of ["b-2", "a-1", "b-1", "b-3", "c"]) await bench().queue({}, name);
    const names = (urls: string[] = []): string[] => urls.map((url) => url.split("/").at(-1) ?? "");
    const all = await client.listQueues({});
    assert.deepEqual(names(all.QueueUrls), ["a-1", "b-1", "b-2", "b-3", "c"]);
    assert.equal(all.NextToken, undefined);
    const page = await client.listQueues({ QueueNamePrefix: "b-", MaxResults: 2 });
    assert.deepEqual(names(page.QueueUrls), ["b-1", "b-2"]);
    const rest = await client.listQueues({
      QueueNamePrefix: "b-",
      MaxResults: 2,
      NextToken: page.NextToken,
    });
    assert.deepEqual(names(rest.QueueUrls), ["b-3"]);
    assert.equal(rest.NextToken, undefined);
    assert.equal((await client.listQueues({ QueueNamePrefix: "x" })).QueueUrls, undefined);
    assert.equal(
      (await client.listQueues({ QueueNamePrefix: "x".repeat(5_000) })).QueueUrls,
      undefined,
    );
  });

  test("a page token of another prefix does not leave the prefix", async () => {
    const { client } = bench();
    for (const name of ["a-1", "a-2", "b-1"]) await bench().queue({}, name);
    const { NextToken } = await client.listQueues({ QueueNamePrefix: "a", MaxResults: 1 });
    const { QueueUrls = [] } = await client.listQueues({
      QueueNamePrefix: "b",
      MaxResults: 5,
      NextToken,
    });
    assert.deepEqual(
      QueueUrls.map((url) => url.slice(-3)),
      ["b-1"],
    );
  });

  test("a listing has 1 to 1,000 results and takes only tokens that it gave", async () => {
    const { client } = bench();
    for (const MaxResults of [0, 1_001, -1, 1.5]) {
      await refused(client.listQueues({ MaxResults }), "InvalidParameterValue", /MaxResults/);
    }
    await refused(client.listQueues({ MaxResults: 1, NextToken: "?" }), "InvalidParameterValue");
  });

  test("a deleted queue is gone at once, and its name free after 60 seconds [DeleteQueue]", async () => {
    const { client } = bench();
    const url = await bench().queue({}, "doomed");
    await bench().send(url, "lost");
    await client.deleteQueue({ QueueUrl: url });
    await refused(bench().send(url, "x"), "QueueDoesNotExist");
    await refused(client.deleteQueue({ QueueUrl: url }), "QueueDoesNotExist");
    assert.equal((await client.listQueues({})).QueueUrls, undefined);
    await bench().advance(59);
    await refused(
      client.createQueue({ QueueName: "doomed" }),
      "QueueDeletedRecently",
      "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    );
    await bench().advance(1);
    await client.createQueue({ QueueName: "doomed" });
    assert.deepEqual(await bench().bodies(url), [], "the new queue has nothing of the old one");
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("a name that nobody wants again leaves nothing behind", async () => {
    const url = await bench().queue();
    await bench().client.deleteQueue({ QueueUrl: url });
    const deleted = () =>
      bench().server.store.read((reader) => reader.range(DELETED_QUEUE.below(), { limit: 10 }));
    assert.equal((await deleted()).length, 1);
    await bench().advance(60);
    assert.equal((await deleted()).length, 0);
  });

  test("a receipt of a deleted queue is not one of its successor", async () => {
    const { client } = bench();
    const url = await bench().queue({}, "twice");
    await bench().send(url, "x");
    const { ReceiptHandle } = await bench().receiveOne(url);
    await client.deleteQueue({ QueueUrl: url });
    await bench().advance(60);
    await bench().queue({}, "twice");
    await refused(client.deleteMessage({ QueueUrl: url, ReceiptHandle }), "ReceiptHandleIsInvalid");
  });

  test("accounts and regions are apart, and URLs name the account", async () => {
    const own = bench().client;
    const other = bench().clientOf("111122223333", "us-east-1");
    const far = bench().clientOf("key", "eu-west-1");
    const url = await bench().queue({}, "shared-name");
    await refused(other.getQueueUrl({ QueueName: "shared-name" }), "QueueDoesNotExist");
    await refused(far.getQueueUrl({ QueueName: "shared-name" }), "QueueDoesNotExist");
    const foreign = (await other.createQueue({ QueueName: "shared-name" })).QueueUrl ?? "";
    assert.match(foreign, /\/111122223333\/shared-name$/);
    await far.createQueue({ QueueName: "shared-name" });
    await own.sendMessage({ QueueUrl: url, MessageBody: "mine" });
    await far.sendMessage({ QueueUrl: url, MessageBody: "far" });
    assert.deepEqual(await bench().bodies(foreign), []);
    assert.deepEqual(await bench().bodies(url), ["mine"]);
    const owned = await own.getQueueUrl({
      QueueName: "shared-name",
      QueueOwnerAWSAccountId: "111122223333",
    });
    assert.equal(owned.QueueUrl, foreign);
    const shown = await far.getQueueAttributes({ QueueUrl: url, AttributeNames: ["QueueArn"] });
    assert.equal(shown.Attributes?.QueueArn, "arn:aws:sqs:eu-west-1:000000000000:shared-name");
  });

  test("a queue URL works with any host, and names its region where it can", async () => {
    const { client } = bench();
    const far = bench().clientOf("key", "eu-west-1");
    await bench().queue({}, "hosts");
    await far.createQueue({ QueueName: "hosts" });
    const path = "000000000000/hosts";
    for (const url of [
      `http://sqs.eu-west-1.localhost:4566/${path}`,
      `https://sqs.eu-west-1.amazonaws.com/${path}`,
      `https://eu-west-1.queue.amazonaws.com/${path}`,
      `http://localhost:4566/queue/eu-west-1/${path}`,
    ]) {
      const shown = await client.getQueueAttributes({
        QueueUrl: url,
        AttributeNames: ["QueueArn"],
      });
      assert.match(shown.Attributes?.QueueArn ?? "", /:eu-west-1:/, url);
    }
    for (const url of [
      `http://elsewhere:1/${path}`,
      `https://queue.amazonaws.com/${path}`,
      `/${path}`,
    ]) {
      const shown = await client.getQueueAttributes({
        QueueUrl: url,
        AttributeNames: ["QueueArn"],
      });
      assert.match(shown.Attributes?.QueueArn ?? "", /:us-east-1:/, url);
    }
  });

  test("a queue's name does for its URL", async () => {
    const far = bench().clientOf("key", "eu-west-1");
    await bench().queue({}, "by-name");
    await bench().send("by-name", "x");
    assert.deepEqual(await bench().bodies("by-name"), ["x"]);
    await refused(far.purgeQueue({ QueueUrl: "by-name" }), "QueueDoesNotExist");
  });

  test("what is no queue URL is an invalid address, an unknown one no queue", async () => {
    const { client, server } = bench();
    const unknown = [
      "nonsense",
      "http://whatever-incorrect-queue-address",
      "http://localhost/",
      "http://localhost/12345/name",
      `http://localhost/000000000000/${"n".repeat(3_000)}`,
    ];
    for (const QueueUrl of unknown) {
      await refused(client.purgeQueue({ QueueUrl }), "QueueDoesNotExist");
      await refused(client.receiveMessage({ QueueUrl }), "QueueDoesNotExist");
    }
    const words = `The address ${server.url}/ is not valid for this endpoint.`;
    await refused(client.purgeQueue({ QueueUrl: "no/queue" }), "InvalidAddress", words);
    const missing = "The request must contain the parameter QueueUrl.";
    await refused(client.purgeQueue({ QueueUrl: "" }), "MissingParameter", missing);
  });
};
