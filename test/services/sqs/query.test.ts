/** The Query protocol as older programs speak it: forms in, XML out, their error codes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import { Bench } from "./fixture.ts";

const SCOPE = "20260101/us-east-1/sqs/aws4_request";
const HEADERS = {
  authorization: `AWS4-HMAC-SHA256 Credential=key/${SCOPE}, SignedHeaders=host, Signature=0`,
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe("SQS over Query", () => {
  let bench: Bench;
  before(async () => {
    bench = await Bench.open({ place: { choice: { kind: "memory" }, remove: async () => {} } });
  });
  afterEach(() => bench.server.reset());
  after(() => bench.close());

  const post = async (form: Record<string, string>, path = "/"): Promise<Answer> => {
    const response = await fetch(bench.server.url + path, {
      method: "POST",
      headers: HEADERS,
      body: new URLSearchParams({ Version: "2012-11-05", ...form }),
    });
    return { status: response.status, text: await response.text() };
  };
  const get = async (form: Record<string, string>, path = "/"): Promise<Answer> => {
    const query = new URLSearchParams({ Version: "2012-11-05", ...form });
    const response = await fetch(`${bench.server.url}${path}?${query.toString()}`, {
      headers: HEADERS,
    });
    return { status: response.status, text: await response.text() };
  };

  test("a queue is made, sent to, received from and deleted from, by POST and by GET", async () => {
    const made = await post({
      Action: "CreateQueue",
      QueueName: "old",
      "Attribute.1.Name": "VisibilityTimeout",
      "Attribute.1.Value": "45",
      "Tag.1.Key": "k",
      "Tag.1.Value": "v",
    });
    const url = field(made.text, "QueueUrl");
    assert.equal(url, `${bench.server.url}/000000000000/old`);
    assert.match(
      made.text,
      /<CreateQueueResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/">/,
    );
    assert.match(
      made.text,
      /<ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata>/,
    );
    const body = '<&> "ü"';
    const sent = await get(
      {
        Action: "SendMessage",
        MessageBody: body,
        "MessageAttribute.1.Name": "a",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "1",
      },
      "/000000000000/old",
    );
    assert.equal(
      field(sent.text, "MD5OfMessageBody"),
      createHash("md5").update(body).digest("hex"),
    );
    const received = await post({
      Action: "ReceiveMessage",
      QueueUrl: url,
      "AttributeName.1": "All",
      "MessageAttributeName.1": "All",
    });
    assert.match(received.text, /<Body>&lt;&amp;&gt; (?:"|&quot;)ü(?:"|&quot;)<\/Body>/);
    assert.match(
      received.text,
      /<Attribute><Name>ApproximateReceiveCount<\/Name><Value>1<\/Value><\/Attribute>/,
    );
    assert.match(
      received.text,
      /<MessageAttribute><Name>a<\/Name><Value>.*<StringValue>1<\/StringValue>/,
    );
    const ReceiptHandle = field(received.text, "ReceiptHandle");
    const deleted = await post({ Action: "DeleteMessage", ReceiptHandle }, "/000000000000/old");
    assert.equal(deleted.status, 200);
    assert.match(deleted.text, /<DeleteMessageResponse/);
    assert.equal(await bench.counts(url), "0 ready, 0 delayed, 0 in flight");
    const shown = await get({
      Action: "GetQueueAttributes",
      QueueUrl: url,
      "AttributeName.1": "VisibilityTimeout",
    });
    assert.match(
      shown.text,
      /<Attribute><Name>VisibilityTimeout<\/Name><Value>45<\/Value><\/Attribute>/,
    );
    const tags = await get({ Action: "ListQueueTags", QueueUrl: url });
    assert.match(tags.text, /<Tag><Key>k<\/Key><Value>v<\/Value><\/Tag>/);
  });

  test("a batch has entries by number, and answers each by its id", async () => {
    const url = await bench.queue();
    const { text } = await post({
      Action: "SendMessageBatch",
      QueueUrl: url,
      "SendMessageBatchRequestEntry.1.Id": "good",
      "SendMessageBatchRequestEntry.1.MessageBody": "x",
      "SendMessageBatchRequestEntry.2.Id": "late",
      "SendMessageBatchRequestEntry.2.MessageBody": "y",
      "SendMessageBatchRequestEntry.2.DelaySeconds": "901",
    });
    assert.match(text, /<SendMessageBatchResultEntry>.*<Id>good<\/Id>/);
    assert.match(text, /<BatchResultErrorEntry>.*<Code>InvalidParameterValue<\/Code>/);
    assert.match(text, /<SenderFault>true<\/SenderFault>/);
    assert.deepEqual(await bench.bodies(url), ["x"]);
  });

  test("a listing repeats its element", async () => {
    await bench.queue({}, "one");
    await bench.queue({}, "two");
    const { text } = await get({ Action: "ListQueues" });
    assert.deepEqual(text.match(/<QueueUrl>/g)?.length, 2);
  });

  test("errors have the codes that older programs know", async () => {
    const url = await bench.queue({}, "here");
    const nowhere = url.replace("here", "nowhere");
    await post({ Action: "PurgeQueue", QueueUrl: url });
    const cases: readonly [Record<string, string>, string, number][] = [
      [
        { Action: "SendMessage", QueueUrl: nowhere, MessageBody: "x" },
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
      ],
      [
        { Action: "GetQueueUrl", QueueName: "nowhere" },
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
      ],
      [{ Action: "SendMessage", QueueUrl: url }, "MissingParameter", 400],
      [
        { Action: "SendMessage", QueueUrl: url, MessageBody: "x", DelaySeconds: "901" },
        "InvalidParameterValue",
        400,
      ],
      [
        { Action: "SendMessageBatch", QueueUrl: url },
        "AWS.SimpleQueueService.EmptyBatchRequest",
        400,
      ],
      [
        { Action: "DeleteMessage", QueueUrl: url, ReceiptHandle: "x" },
        "ReceiptHandleIsInvalid",
        404,
      ],
      [{ Action: "PurgeQueue", QueueUrl: url }, "AWS.SimpleQueueService.PurgeQueueInProgress", 403],
      [
        {
          Action: "CreateQueue",
          QueueName: "here",
          "Attribute.1.Name": "DelaySeconds",
          "Attribute.1.Value": "3",
        },
        "QueueAlreadyExists",
        400,
      ],
      [{ Action: "CreateQueue", QueueName: "a b" }, "InvalidParameterValue", 400],
      [{ Action: "SetQueueAttributes", QueueUrl: url }, "MissingParameter", 400],
      [{ Action: "NoSuchThing" }, "InvalidAction", 400],
      [{}, "MissingAction", 400],
    ];
    for (const [form, code, status] of cases) {
      const answer = await post(form);
      assert.equal(field(answer.text, "Code"), code, answer.text);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, /<ErrorResponse.*<Type>Sender<\/Type>/);
      const isAbsent = code.endsWith("NonExistentQueue");
      assert.equal(/ for this wsdl version\.<\/Message>/.test(answer.text), isAbsent, answer.text);
    }
  });

  test("a required list that a form lacks is refused as an empty one is", async () => {
    const QueueUrl = await bench.queue();
    const granted = await post({ Action: "AddPermission", QueueUrl, Label: "x", ActionName: "*" });
    assert.equal(field(granted.text, "Code"), "InvalidParameterValue", granted.text);
    const untagged = await post({ Action: "UntagQueue", QueueUrl });
    assert.equal(field(untagged.text, "Code"), "InvalidParameterValue", untagged.text);
  });

  test("a message attribute without a name or without a type is refused, not dropped", async () => {
    const QueueUrl = await bench.queue();
    const send = { Action: "SendMessage", QueueUrl, MessageBody: "x" };
    const nameless = await post({
      ...send,
      "MessageAttribute.1.Value.DataType": "String",
      "MessageAttribute.1.Value.StringValue": "v",
    });
    const noName = "The request must contain non-empty message attribute name.";
    assert.equal(field(nameless.text, "Code"), "InvalidParameterValue");
    assert.equal(field(nameless.text, "Message"), noName);
    const untyped = await post({
      ...send,
      "MessageAttribute.1.Name": "a",
      "MessageAttribute.1.Value.StringValue": "v",
    });
    assert.equal(field(untyped.text, "Code"), "InvalidParameterValue");
    assert.match(untyped.text, /must contain non-empty message attribute type\./);
    assert.deepEqual(await bench.bodies(QueueUrl), []);
  });

  test("numbers that are none are refused, empty ones are absent", async () => {
    const url = await bench.queue();
    const receive = { Action: "ReceiveMessage", QueueUrl: url };
    for (const VisibilityTimeout of ["x", "1e3x", "--1"]) {
      const answer = await post({ ...receive, VisibilityTimeout });
      assert.equal(answer.status, 400, answer.text);
      assert.equal(field(answer.text, "Code"), "InvalidParameterValue", answer.text);
      const words = `Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid. Reason: Must be a number.`;
      assert.equal(field(answer.text, "Message"), words);
    }
    await bench.send(url, "x");
    const absent = await post({ ...receive, VisibilityTimeout: "" });
    assert.equal(absent.status, 200, absent.text);
    assert.equal(await bench.counts(url), "0 ready, 0 delayed, 1 in flight");
  });

  test("what one protocol sends the other receives", async () => {
    const url = await bench.fifo();
    await post({ Action: "SendMessage", QueueUrl: url, MessageBody: "x", MessageGroupId: "g" });
    assert.deepEqual(await bench.bodies(url), ["x"]);
  });
});

/** The text of an element. */
function field(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
}
