import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../src/kernel/errors.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import { model as snsModel } from "../../src/services/sns/model.gen.ts";
import { model as sqsModel } from "../../src/services/sqs/model.gen.ts";
import { awsQuery } from "../../src/wire/aws-query.ts";
import {
  MAX_FORM_DEPTH,
  MAX_FORM_NODES,
  MAX_FORM_PARAMETERS,
  parseForm,
} from "../../src/wire/form.ts";
import { requestOf, requestOfBytes } from "./http-request.ts";
import { plainRefusals } from "./refusals.ts";

const sns = awsQuery(snsModel, plainRefusals);
const sqs = awsQuery(sqsModel, plainRefusals);

function decodeSqs(operation: string, form: string): Record<string, unknown> {
  return sqs.decode(operation, requestOf({ body: `Action=${operation}&${form}` }));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
  return "none";
}

/** Plain data, so that maps without a prototype compare. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("a Publish as the AWS CLI sends it [AWS Query]", () => {
  const request = requestOfBytes(`POST / HTTP/1.1
Host: localhost:4566
Content-Type: application/x-www-form-urlencoded; charset=utf-8

Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3At&Message=a+b%2Bc%C3%A9&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Binary&MessageAttributes.entry.1.Value.BinaryValue=AQID`);
  assert.equal(sns.operationOf(request), "Publish");
  const { MessageAttributes: attributes, ...rest } = sns.decode("Publish", request);
  assert.deepEqual(rest, {
    TopicArn: "arn:aws:sns:us-east-1:000000000000:t",
    Message: "a b+cé",
  });
  assert.deepEqual(Object.entries(Object(attributes)), [
    ["n", { DataType: "Binary", BinaryValue: Buffer.from([1, 2, 3]) }],
  ]);
});

test("a request may come in the URL alone, for the queue that its path names", () => {
  const request =
    requestOfBytes(`GET /000000000000/q/?Action=ReceiveMessage&MaxNumberOfMessages=5&AttributeName=All&Version=2012-11-05 HTTP/1.1
Host: localhost:4566

`);
  assert.equal(sqs.operationOf(request), "ReceiveMessage");
  assert.deepEqual(sqs.decode("ReceiveMessage", request), {
    QueueUrl: "http://localhost:4566/000000000000/q",
    AttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
    MaxNumberOfMessages: 5,
  });
  const named = requestOf({ path: "/0/q", body: "Action=PurgeQueue&QueueUrl=http://x/1/r" });
  assert.deepEqual(sqs.decode("PurgeQueue", named), { QueueUrl: "http://x/1/r" });
});

test("lists and maps: flattened, not flattened, with gaps, out of order, without a number", () => {
  const forms = [
    "AttributeName.1=A&AttributeName.2=B",
    "AttributeName.7=B&AttributeName.3=A&AttributeName.x=C",
    "AttributeNames.member.10=B&AttributeNames.member.9=A",
    "AttributeNames.1=A&AttributeNames.2=B",
  ];
  for (const form of forms) {
    const input = decodeSqs("GetQueueAttributes", `QueueUrl=u&${form}`);
    assert.deepEqual(input, { QueueUrl: "u", AttributeNames: ["A", "B"] }, form);
  }
  const maps = [
    "Attribute.1.Name=A&Attribute.1.Value=1",
    "Attribute.Name=A&Attribute.Value=1",
    "Attributes.entry.4.key=A&Attributes.entry.4.value=1",
    "Attribute.1.Name=A&Attribute.1.Value=1&Attribute.2.Other=2",
  ];
  for (const form of maps) {
    const input = decodeSqs("SetQueueAttributes", `QueueUrl=u&${form}`);
    assert.deepEqual(plain(input), { QueueUrl: "u", Attributes: { A: "1" } }, form);
  }
  const nameless = decodeSqs("SetQueueAttributes", "QueueUrl=u&Attribute.1.Value=1");
  assert.deepEqual(plain(nameless), { QueueUrl: "u", Attributes: { "": "1" } });
  const empty = sns.decode("UntagResource", requestOf({ body: "ResourceArn=a&TagKeys=" }));
  assert.deepEqual(empty, { ResourceArn: "a", TagKeys: [] });
});

test("a required flattened list that a form lacks is empty, any other is missing", () => {
  const batch = decodeSqs("SendMessageBatch", "QueueUrl=u");
  assert.deepEqual(batch, { QueueUrl: "u", Entries: [] });
  assert.deepEqual(decodeSqs("ReceiveMessage", "QueueUrl=u"), { QueueUrl: "u" });
  const publish = requestOf({ body: "Action=PublishBatch&TopicArn=a" });
  assert.equal(
    codeOf(() => sns.decode("PublishBatch", publish)),
    "Missing",
  );
});

test("scalars are read by the model; the first of a repeated parameter counts", () => {
  const input = decodeSqs("ReceiveMessage", "QueueUrl=u&WaitTimeSeconds=20&WaitTimeSeconds=1");
  assert.deepEqual(input, { QueueUrl: "u", WaitTimeSeconds: 20 });
  assert.deepEqual(decodeSqs("ReceiveMessage", "QueueUrl=u&WaitTimeSeconds="), { QueueUrl: "u" });
  const bad = ["WaitTimeSeconds=abc", "WaitTimeSeconds=1e999"];
  for (const form of [...bad, "WaitTimeSeconds.1=1"]) {
    assert.equal(
      codeOf(() => decodeSqs("ReceiveMessage", `QueueUrl=u&${form}`)),
      "WrongType",
      form,
    );
  }
  assert.equal(
    codeOf(() => decodeSqs("ReceiveMessage", "WaitTimeSeconds=1")),
    "Missing",
  );
  const protocol = awsQuery(scalarModel, plainRefusals);
  const body = "On=TRUE&Off=false&At=2024-02-03T04:05:06Z&Then=1.5&Big=123456789012345678901";
  assert.deepEqual(protocol.decode("Put", requestOf({ body })), {
    On: true,
    Off: false,
    At: new Date("2024-02-03T04:05:06Z"),
    Then: new Date(1500),
    Big: 123456789012345678901n,
  });
  assert.equal(
    codeOf(() => protocol.decode("Put", requestOf({ body: "On=yes" }))),
    "WrongType",
  );
});

const scalarModel: ServiceModel = {
  ...sqsModel,
  operations: { Put: { input: "Put", output: "Put" } },
  structures: {
    Put: {
      members: {
        On: { shape: "boolean" },
        Off: { shape: "boolean" },
        At: { shape: "timestamp" },
        Then: { shape: "timestamp", timestampFormat: "epoch-seconds" },
        Big: { shape: "bigInteger" },
      },
    },
  },
};

test("malformed forms are refused, never mended", () => {
  const bodies = ["a=%", "a=%zz", "a=%ff", "%c3=1", Buffer.from([0x61, 0x3d, 0xff])];
  for (const body of bodies) {
    const code = codeOf(() => sqs.decode("ListQueues", requestOf({ body })));
    assert.equal(code, "MalformedQueryString", String(body));
  }
});

test("a form has limits: parameters, parts of a name, and parts of all names", () => {
  const most = "a=1&".repeat(MAX_FORM_PARAMETERS);
  assert.equal(
    codeOf(() => parseForm(most)),
    "none",
  );
  assert.equal(
    codeOf(() => parseForm(`${most}b=1`)),
    "MalformedQueryString",
  );
  const deepest = Array.from({ length: MAX_FORM_DEPTH }, () => "a").join(".");
  assert.equal(
    codeOf(() => parseForm(deepest)),
    "none",
  );
  assert.equal(
    codeOf(() => parseForm(`${deepest}.a`)),
    "MalformedQueryString",
  );
  const parts = MAX_FORM_NODES / 50;
  const many = (count: number): string =>
    Array.from({ length: count }, (_, at) => `${at}${".a".repeat(49)}=`).join("&");
  assert.equal(
    codeOf(() => parseForm(many(parts), "0.a=1&0.a.a=1")),
    "none",
  );
  assert.equal(
    codeOf(() => parseForm(many(parts), "b=1")),
    "MalformedQueryString",
  );
});

test("a request without a readable Action is answered with MissingAction", () => {
  for (const body of ["", "Version=1", "Action=", "XAction=Publish", "Action=a.b", "Action=%41"]) {
    assert.equal(sns.operationOf(requestOf({ body })), undefined, body);
  }
  assert.equal(sns.operationOf(requestOf({ body: Buffer.from([0xff]) })), undefined);
  const response = sns.encodeError(sns.unknownOperation(undefined), "r-1");
  assert.deepEqual(response, {
    status: 400,
    headers: { "Content-Type": "text/xml", "x-amzn-RequestId": "r-1" },
    body:
      '<?xml version="1.0"?>\n<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">' +
      "<Error><Type>Sender</Type><Code>MissingAction</Code>" +
      "<Message>The request must contain the parameter Action.</Message></Error>" +
      "<RequestId>r-1</RequestId></ErrorResponse>",
  });
});

test("an unknown action is refused by the front end that services share, or by SQS's own", () => {
  assert.deepEqual(
    sns.encodeError(sns.unknownOperation("publish"), "r").body,
    [
      '<?xml version="1.0"?>\n<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09">',
      "<Error><Type>Sender</Type><Code>InvalidAction</Code>",
      "<Message>Could not find operation publish for version 2010-03-31</Message></Error>",
      "<RequestId>r</RequestId></ErrorResponse>",
    ].join(""),
  );
  assert.deepEqual(
    sqs.encodeError(sqs.unknownOperation("Fly"), "r").body,
    [
      '<?xml version="1.0"?>\n<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">',
      "<Error><Type>Sender</Type><Code>InvalidAction</Code>",
      "<Message>The action Fly is not valid for this endpoint.</Message><Detail/></Error>",
      "<RequestId>r</RequestId></ErrorResponse>",
    ].join(""),
  );
});

test("an error may have a message of its own for Query", () => {
  const error = new ServiceError("QueueDoesNotExist", "in JSON", { queryMessage: "in XML" });
  assert.match(
    String(sqs.encodeError(error, "r").body),
    /<Message>in XML<\/Message><Detail\/><\/Error>/,
  );
});

test("answers: result, metadata; flattened lists and maps as the model says", () => {
  const tagged = sns.encode("TagResource", {}, "r");
  assert.equal(
    tagged.body,
    '<?xml version="1.0"?>\n<TagResourceResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">' +
      "<TagResourceResult/><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></TagResourceResponse>",
  );
  const deleted = sqs.encode("DeleteMessage", {}, "r");
  assert.match(String(deleted.body), /2012-11-05\/"><ResponseMetadata>/);
  const messages = [{ Body: "a", Attributes: { SenderId: "s" } }, { Body: "b" }];
  assert.match(
    String(sqs.encode("ReceiveMessage", { Messages: messages }, "r").body),
    /<ReceiveMessageResult><Message><Body>a<\/Body><Attribute><Name>SenderId<\/Name><Value>s<\/Value><\/Attribute><\/Message><Message><Body>b<\/Body><\/Message><\/ReceiveMessageResult>/,
  );
  assert.match(
    String(sns.encode("ListTopics", { Topics: [{ TopicArn: "t" }] }, "r").body),
    /<Topics><member><TopicArn>t<\/TopicArn><\/member><\/Topics>/,
  );
  const output = { At: new Date(0), Then: new Date(1500), On: true };
  assert.match(
    String(awsQuery(scalarModel, plainRefusals).encode("Put", output, "r").body),
    /<On>true<\/On><At>1970-01-01T00:00:00.000Z<\/At><Then>1.5<\/Then>/,
  );
});

test("text that XML cannot hold does not break the document [XML 1.0, 2.2 and 2.11]", () => {
  const message = ']]>&<"\r\n\0\x1b\ud800\ufffe\u{1f600}';
  const error = new ServiceError("Odd", message, { members: { Status: "<s>" } });
  const body = String(sns.encodeError(error, "r").body);
  assert.match(
    body,
    /<Message>\]\]&gt;&amp;&lt;&quot;&#xD;\n\ufffd\ufffd\ufffd\ufffd\u{1f600}<\/Message><Status>&lt;s&gt;<\/Status>/u,
  );
});

test("errors have the codes that Query clients know", () => {
  const code = (name: string) =>
    /<Code>(.*)<\/Code>/.exec(String(sqs.encodeError(new ServiceError(name, ""), "r").body))?.[1];
  assert.equal(code("QueueDoesNotExist"), "AWS.SimpleQueueService.NonExistentQueue");
  assert.equal(code("UnknownOperationException"), "InvalidAction");
  assert.equal(code("InternalFailure"), "InternalError");
  assert.equal(code("SignatureDoesNotMatch"), "SignatureDoesNotMatch");
  const bug = sqs.encodeError(new ServiceError("InternalFailure", ""), "r");
  assert.equal(bug.status, 500);
  assert.match(String(bug.body), /<Type>Receiver<\/Type>/);
});

test("hostile forms are read or refused with a ServiceError, whatever they are", () => {
  const part = fc.constantFrom(
    "Attribute",
    "Tag",
    "entry",
    "member",
    "1",
    "Name",
    "__proto__",
    "",
    "Key",
    "Value",
  );
  const name = fc.array(part, { maxLength: 5 }).map((parts) => parts.join("."));
  const pair = fc
    .tuple(name, fc.string({ unit: "binary", maxLength: 5 }))
    .map((sides) => sides.join("="));
  const bodies = fc.oneof(
    fc.array(pair, { maxLength: 8 }).map((pairs) => Buffer.from(pairs.join("&"))),
    fc.uint8Array({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      for (const operation of ["CreateQueue", "SendMessageBatch"]) {
        codeOf(() => sqs.decode(operation, requestOf({ body })));
      }
      assert.equal("polluted" in {}, false);
    }),
    { numRuns: 500 },
  );
});
