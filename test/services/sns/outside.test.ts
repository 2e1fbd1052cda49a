import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import { createServer, globalAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { SNS } from "@aws-sdk/client-sns";
import MessageValidator from "sns-validator";
import { SMTPServer } from "smtp-server";
import { silentLog } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";
import { selfSignedCertificate } from "../../../src/services/sns/signing/certificate.ts";
import { Bench, KeptLog, refused, START_MS } from "./fixture.ts";
import type { BenchOptions, StorePlace } from "./fixture.ts";

const MEMORY: StorePlace = { choice: { kind: "memory" }, remove: async () => {} };

async function withBench(
  options: Omit<BenchOptions, "place">,
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = await Bench.open({ place: MEMORY, ...options });
  try {
    await body(bench);
  } finally {
    await bench.close();
  }
}

describe("signatures", () => {
  test("the official validator accepts notifications and confirmations of both versions", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const cert = selfSignedCertificate(privateKey, {
      commonName: "localhost",
      serialNumber: Uint8Array.of(0x81, 2),
      fromMs: START_MS - 86_400_000,
      untilMs: Date.UTC(2_100, 0, 1),
    });
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    let backend = "";
    const front = createServer({ key, cert }, (request, response) => {
      void fetch(backend + request.url).then(async (answer) => response.end(await answer.text()));
    });
    await new Promise<void>((resolve) => front.listen(0, "localhost", resolve));
    globalAgent.options.ca = [cert];
    const { port } = front.address() as AddressInfo;
    const serviceOptions = { "sns.certificateBaseUrl": `https://localhost:${port}` };
    const validator = new MessageValidator(/^localhost:\d+$/);
    const validate = (body: string): Promise<unknown> =>
      new Promise((resolve, reject) =>
        validator.validate(body, (error, message) => (error ? reject(error) : resolve(message))),
      );
    try {
      await withBench({ serviceOptions }, async (bench) => {
        backend = bench.server.url;
        for (const SignatureVersion of ["1", "2"]) {
          const TopicArn = await bench.topic({ SignatureVersion });
          const hook = await bench.openHook();
          await bench.subscribe(TopicArn, "http", hook.url);
          const queue = await bench.subscribedQueue(TopicArn);
          await bench.settle();
          const [confirmation] = hook.take();
          assert.ok(confirmation);
          await validate(confirmation.body);
          const { Token, SignatureVersion: version } = JSON.parse(confirmation.body);
          assert.equal(version, SignatureVersion);
          await bench.sns.confirmSubscription({ TopicArn, Token });
          await bench.sns.publish({ TopicArn, Message: "hello, wörld", Subject: "s" });
          await bench.settle();
          const [notification] = hook.take();
          assert.ok(notification);
          await validate(notification.body);
          await validate((await bench.takeOne(queue)).Body);
          const forged = notification.body.replace("hello", "hullo");
          await assert.rejects(validate(forged), /signature is invalid/);
        }
      });
    } finally {
      globalAgent.destroy();
      await new Promise((resolve) => front.close(resolve));
    }
  });

  test("the certificate is served under its own name only", async () => {
    await withBench({}, async (bench) => {
      const TopicArn = await bench.topic();
      const queue = await bench.subscribedQueue(TopicArn);
      await bench.sns.publish({ TopicArn, Message: "m" });
      const { SigningCertURL } = JSON.parse((await bench.takeOne(queue)).Body);
      assert.match(await (await fetch(SigningCertURL)).text(), /^-----BEGIN CERTIFICATE-----/);
      const other = SigningCertURL.replace(/-[0-9a-f]+\.pem/, "-0.pem");
      assert.equal((await fetch(other)).status, 404);
    });
  });
});

describe("slow web hooks", () => {
  test("hooks that close, hang, stall or flood fail or succeed in bounded time", async () => {
    // Real time, since sockets know no other: long enough for a machine that is busy.
    const serviceOptions = { "sns.httpTimeoutMs": "2000" };
    await withBench({ serviceOptions }, async (bench) => {
      const topic = await bench.topic();
      const dead = await bench.queue();
      const attributes = {
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
        DeliveryPolicy: JSON.stringify({ healthyRetryPolicy: { numRetries: 0 } }),
      };
      const closes = await bench.hook(topic, attributes);
      closes.answer = (response) => void response.destroy();
      const hangs = await bench.hook(topic, attributes);
      hangs.answer = () => {};
      const floods = await bench.hook(topic, attributes);
      floods.answer = (response) => {
        const chunk = Buffer.alloc(1 << 20);
        const flood = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", flood);
        response.on("close", () => response.destroy());
        flood();
      };
      const stalls = await bench.hook(topic, attributes);
      stalls.answer = (response) => void response.writeHead(200).write("so far");
      await bench.sns.publish({ TopicArn: topic, Message: "m" });
      await bench.settle();
      const codes = (await bench.take(dead)).map(
        ({ MessageAttributes }) => MessageAttributes?.["ErrorCode"]?.StringValue,
      );
      assert.equal(codes.length, 2, String(codes));
      assert.ok(codes.includes("Timeout"), String(codes));
    });
  });
});

test("a web hook that does not answer is tried with few messages at once, until it does", async () => {
  await withBench({ serviceOptions: { "sns.httpTimeoutMs": "1500" } }, async (bench) => {
    const topic = await bench.topic();
    const policy = JSON.stringify({ healthyRetryPolicy: { numRetries: 0 } });
    const hook = await bench.hook(topic, { DeliveryPolicy: policy });
    let open = 0;
    let mostOpen = 0;
    const hang = (response: ServerResponse): void => {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      response.on("close", () => (open -= 1));
    };
    const publishSix = async (): Promise<readonly [requests: number, mostOpen: number]> => {
      mostOpen = 0;
      const entries = Array.from({ length: 6 }, (_, at) => ({ Id: String(at), Message: "m" }));
      await bench.sns.publishBatch({ TopicArn: topic, PublishBatchRequestEntries: entries });
      await bench.settle();
      return [hook.take().length, mostOpen];
    };
    hook.answer = hang;
    assert.deepEqual(await publishSix(), [6, 6], "nothing is known of it yet");
    assert.deepEqual(await publishSix(), [6, 4]);
    hook.answer = (response) => void response.end();
    assert.deepEqual(await publishSix(), [6, 0]);
    hook.answer = hang;
    assert.deepEqual(await publishSix(), [6, 6], "it is trusted again");
  });
});

test("a web hook is called even if this machine stands still for a second meanwhile", async () => {
  await withBench({}, async (bench) => {
    const topic = await bench.topic();
    const hook = await bench.openHook();
    const stall = (): void => {
      unsubscribe("undici:client:beforeConnect", stall);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
    };
    subscribe("undici:client:beforeConnect", stall);
    await bench.subscribe(topic, "http", hook.url);
    assert.ok(await bench.tokenFor(hook));
  });
});

describe("mail", () => {
  interface Mailbox {
    readonly mails: { readonly to: readonly string[]; readonly text: string }[];
    refuse: Error | undefined;
  }

  async function withSmtp(body: (mailbox: Mailbox, url: string) => Promise<void>): Promise<void> {
    const mailbox: Mailbox = { mails: [], refuse: undefined };
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onRcptTo: (_address, _session, done) => done(mailbox.refuse),
      onData: (stream, session, done) => {
        void text(stream).then((content) => {
          mailbox.mails.push({
            to: session.envelope.rcptTo.map(({ address }) => address),
            text: content.replaceAll("=\r\n", "").replaceAll("=3D", "="),
          });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await body(mailbox, `smtp://127.0.0.1:${server.server.address().port}`);
    } finally {
      await new Promise<void>((resolve) => server.close(resolve));
    }
  }

  test("mail goes through the configured server, as text and as JSON", async () => {
    await withSmtp(async (mailbox, url) => {
      await withBench({ serviceOptions: { "sns.smtpUrl": url } }, async (bench) => {
        const TopicArn = await bench.topic({ DisplayName: "Shop" });
        for (const [protocol, address] of [
          ["email", "text@mail.example"],
          ["email-json", "json@mail.example"],
        ] as const) {
          await bench.subscribe(TopicArn, protocol, address);
          await bench.settle();
          const mail = mailbox.mails.splice(0)[0];
          assert.deepEqual(mail?.to, [address]);
          const [link = ""] = /http:\/\/127[^\s"]+/.exec(mail.text) ?? [];
          assert.equal((await fetch(link)).status, 200, link);
        }
        await bench.sns.publish({ TopicArn, Subject: "news", Message: "something" });
        await bench.settle();
        const mails = mailbox.mails.toSorted((a, b) => String(a.to).localeCompare(String(b.to)));
        assert.equal(mails.length, 2);
        for (const mail of mails) {
          assert.match(mail.text, /^From: Shop <no-reply@sns\.localhost>/m);
          assert.match(mail.text, /^Subject: news/m);
        }
        assert.match(mails[0]?.text ?? "", /"Message" : "something"/);
        assert.match(mails[1]?.text ?? "", /\r\nsomething\r\n/);
      });
    });
  });

  test("mail that is refused for now is tried for hours, one refused for good is dead-lettered", async () => {
    await withSmtp(async (mailbox, url) => {
      await withBench({ serviceOptions: { "sns.smtpUrl": url } }, async (bench) => {
        const TopicArn = await bench.topic();
        const dead = await bench.queue();
        await bench.subscribe(TopicArn, "email", "a@mail.example", {
          Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) },
        });
        await bench.settle();
        const [link = ""] = /http:\/\/127\S+/.exec(mailbox.mails.splice(0)[0]?.text ?? "") ?? [];
        await fetch(link);
        mailbox.refuse = Object.assign(new Error("later"), { responseCode: 451 });
        await bench.sns.publish({ TopicArn, Message: "m" });
        await bench.advance(600);
        assert.deepEqual(await bench.take(dead), []);
        mailbox.refuse = undefined;
        await bench.advance(600);
        assert.equal(mailbox.mails.splice(0).length, 1);
        mailbox.refuse = Object.assign(new Error("never"), { responseCode: 550 });
        await bench.sns.publish({ TopicArn, Message: "m" });
        await bench.settle();
        assert.equal((await bench.take(dead)).length, 1);
      });
    });
  });
});

test("web hooks at addresses of instance metadata are refused", async () => {
  const hosts = [
    "169.254.169.254",
    "2852039166",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
  ];
  const log = new KeptLog();
  await withBench({ log }, async (bench) => {
    const topic = await bench.topic();
    for (const host of hosts) await bench.subscribe(topic, "http", `http://${host}/latest/`);
    await bench.settle();
    const codes = log.lines
      .map(({ fields }) => fields["code"])
      .filter((code) => code !== undefined);
    assert.deepEqual(
      codes,
      hosts.map(() => "AddressRefused"),
    );
  });
});

test("a topic has at most 200 filter policies where quotas are enforced", async () => {
  await withBench({ enforceQuotas: true }, async (bench) => {
    const topic = await bench.topic();
    const subscribe = (index: number, attributes: Record<string, string>): Promise<string> =>
      bench.subscribe(topic, "sqs", `arn:aws:sqs:us-east-1:000000000000:q${index}`, {
        Attributes: attributes,
      });
    const FilterPolicy = '{"a":["b"]}';
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => subscribe(index, { FilterPolicy })),
    );
    const limit = "FilterPolicyLimitExceededException";
    await refused(subscribe(200, { FilterPolicy }), limit);
    const SubscriptionArn = await subscribe(200, {});
    const set = (AttributeValue: string): Promise<unknown> =>
      bench.sns.setSubscriptionAttributes({
        SubscriptionArn,
        AttributeName: "FilterPolicy",
        AttributeValue,
      });
    await refused(set(FilterPolicy), limit);
  });
});

test("delivery status records are logged as the topic asks for", async () => {
  const log = new KeptLog();
  await withBench({ log }, async (bench) => {
    const role = "arn:aws:iam::000000000000:role/feedback";
    const TopicArn = await bench.topic({
      HTTPSuccessFeedbackRoleArn: role,
      HTTPSuccessFeedbackSampleRate: "100",
      HTTPFailureFeedbackRoleArn: role,
      SQSSuccessFeedbackRoleArn: role,
      SQSSuccessFeedbackSampleRate: "0",
    });
    await bench.subscribedQueue(TopicArn);
    const hook = await bench.hook(TopicArn);
    log.lines.length = 0;
    const { MessageId } = await bench.sns.publish({ TopicArn, Message: "m" });
    await bench.settle();
    hook.answerWith(404);
    await bench.sns.publish({ TopicArn, Message: "m" });
    await bench.settle();
    const records = log.lines.filter(({ message }) => message === "sns delivery status");
    assert.equal(records.length, 2);
    const [success, failure] = records.map(({ fields }) => fields);
    const name = TopicArn.split(":").at(-1);
    assert.equal(success?.["logGroup"], `sns/us-east-1/000000000000/${name}`);
    assert.equal(failure?.["logGroup"], `sns/us-east-1/000000000000/${name}/Failure`);
    assert.deepEqual(success?.["notification"], {
      messageMD5Sum: "6f8f57715090da2632453988d9a1501b",
      messageId: MessageId,
      topicArn: TopicArn,
      timestamp: "2026-01-01T00:00:00.000Z",
    });
    assert.deepEqual([success?.["status"], failure?.["status"]], ["SUCCESS", "FAILURE"]);
  });
});

test("where requests must be signed, links still confirm and end subscriptions, and nothing else", async () => {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "memory" },
    region: "us-east-1",
    enforceQuotas: false,
    credentials: new Map([["key", "secret"]]),
    serviceOptions: {},
    log: silentLog,
  });
  const sns = new SNS({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  });
  try {
    const { TopicArn = "" } = await sns.createTopic({ Name: "t" });
    const open = async (query: string): Promise<string> =>
      (await fetch(`${server.url}/?${query}&Version=2010-03-31`)).text();
    const confirm = await open(`Action=ConfirmSubscription&TopicArn=${TopicArn}&Token=00`);
    assert.match(confirm, /<Message>Invalid parameter: Token<\/Message>/);
    assert.match(
      await open(`Action=Unsubscribe&SubscriptionArn=${TopicArn}:x`),
      /<UnsubscribeResponse/,
    );
    assert.doesNotMatch(await open("Action=ListTopics"), /<ListTopicsResponse/);
  } finally {
    sns.destroy();
    await server.stop();
  }
});
