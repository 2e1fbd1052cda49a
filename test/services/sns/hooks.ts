import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, START_MS } from "./fixture.ts";
import type { Bench, Hook, Topic } from "./fixture.ts";

/** Seconds after it was opened at which a hook was called. */
function seconds(hook: Hook, fromMs = hook.openedAtMs): number[] {
  return hook.calls.map(({ atMs }) => (atMs - fromMs) / 1_000);
}

/** A hook with a delivery policy's retry part. */
function hookWith(
  bench: Bench,
  topic: string,
  healthyRetryPolicy: object,
  extra: object = {},
): Promise<Hook> {
  return bench.hook(topic, { DeliveryPolicy: JSON.stringify({ healthyRetryPolicy, ...extra }) });
}

/** Delivery to web hooks. */
export const hooks: Topic = (bench) => {
  test("a web hook confirms with the token it is sent, then gets notifications", async () => {
    const topic = await bench().topic();
    const hook = await bench().openHook();
    const answer = await bench().sns.subscribe({
      TopicArn: topic,
      Protocol: "http",
      Endpoint: hook.url,
    });
    assert.equal(answer.SubscriptionArn, "pending confirmation");
    await bench().settle();
    const [call, ...others] = hook.take();
    assert.ok(call && others.length === 0);
    assert.equal(call.headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
    assert.equal(call.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(call.headers["user-agent"], "Amazon Simple Notification Service Agent");
    assert.equal(call.headers["x-amz-sns-topic-arn"], topic);
    const confirmation = JSON.parse(call.body);
    assert.equal(confirmation.Type, "SubscriptionConfirmation");

    await bench().sns.publish({ TopicArn: topic, Message: "too early" });
    await bench().settle();
    assert.deepEqual(hook.take(), []);

    const opened = await fetch(confirmation.SubscribeURL);
    assert.equal(opened.status, 200);
    assert.match(await opened.text(), /<ConfirmSubscriptionResponse/);
    const { MessageId } = await bench().sns.publish({ TopicArn: topic, Message: "hello" });
    await bench().settle();
    const [notification] = hook.take();
    assert.ok(notification);
    const { Subscriptions = [] } = await bench().sns.listSubscriptionsByTopic({ TopicArn: topic });
    assert.equal(notification.headers["x-amz-sns-message-type"], "Notification");
    assert.equal(notification.headers["x-amz-sns-message-id"], MessageId);
    assert.equal(
      notification.headers["x-amz-sns-subscription-arn"],
      Subscriptions[0]?.SubscriptionArn,
    );
    assert.equal(JSON.parse(notification.body).Message, "hello");
  });

  test("raw delivery posts the bare message and says so", async () => {
    const topic = await bench().topic();
    const hook = await bench().hook(topic, {
      RawMessageDelivery: "true",
      DeliveryPolicy: JSON.stringify({ requestPolicy: { headerContentType: "application/json" } }),
    });
    await bench().sns.publish({ TopicArn: topic, Message: '{"a":1}' });
    await bench().settle();
    const [call] = hook.take();
    assert.equal(call?.body, '{"a":1}');
    assert.equal(call?.headers["x-amz-sns-rawdelivery"], "true");
    assert.equal(call?.headers["content-type"], "application/json");
  });

  test("the default policy tries 3 times more, 20 seconds apart, then dead-letters", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const hook = await bench().hook(topic, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    hook.answerWith(503);
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(3_600);
    assert.deepEqual(seconds(hook), [0, 20, 40, 60]);
    const message = await bench().takeOne(dead);
    assert.equal(JSON.parse(message.Body).Message, "m");
    assert.equal(message.MessageAttributes?.["ErrorCode"]?.StringValue, "503");
  });

  test("all phases of a delivery policy come at their times", async () => {
    const topic = await bench().topic();
    const hook = await hookWith(bench(), topic, {
      minDelayTarget: 10,
      maxDelayTarget: 40,
      numRetries: 9,
      numNoDelayRetries: 2,
      numMinDelayRetries: 1,
      numMaxDelayRetries: 2,
      backoffFunction: "linear",
    });
    hook.answerWith(500);
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(3_600);
    assert.deepEqual(seconds(hook), [0, 0, 0, 10, 20, 40, 70, 110, 150, 190]);
  });

  test("the functions of the backoff phase go from the least delay to the greatest", async () => {
    const topic = await bench().topic();
    const functions = ["linear", "arithmetic", "geometric", "exponential"];
    const delays: number[][] = [];
    for (const backoffFunction of functions) {
      const hook = await hookWith(bench(), topic, {
        minDelayTarget: 1,
        maxDelayTarget: 16,
        numRetries: 5,
        backoffFunction,
      });
      hook.answerWith(500);
      const fromMs = bench().clock.now();
      await bench().sns.publish({ TopicArn: topic, Message: "m" });
      await bench().advance(3_600);
      const at = seconds(hook, fromMs);
      delays.push(
        at.slice(1).map((second, index) => Number((second - (at[index] ?? 0)).toFixed(3))),
      );
      await bench().sns.unsubscribe({ SubscriptionArn: hook.subscription });
    }
    assert.deepEqual(delays, [
      [1, 4.75, 8.5, 12.25, 16],
      [1, 2.5, 5.5, 10, 16],
      [1, 2, 4, 8, 16],
      [1, 2, 4, 8, 16],
    ]);
  });

  test("a topic's policy holds, and can forbid subscriptions their own", async () => {
    const policy = (disableSubscriptionOverrides: boolean): string =>
      JSON.stringify({
        http: {
          defaultHealthyRetryPolicy: { numRetries: 1, minDelayTarget: 5, maxDelayTarget: 5 },
          disableSubscriptionOverrides,
        },
      });
    const topic = await bench().topic({ DeliveryPolicy: policy(false) });
    const own = await hookWith(bench(), topic, { numRetries: 0 });
    own.answerWith(500);
    const plain = await bench().hook(topic);
    plain.answerWith(500);
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(100);
    assert.deepEqual(seconds(own), [0]);
    assert.deepEqual(seconds(plain), [0, 5]);
    await bench().sns.setTopicAttributes({
      TopicArn: topic,
      AttributeName: "DeliveryPolicy",
      AttributeValue: policy(true),
    });
    own.take();
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(100);
    assert.deepEqual(seconds(own), [100, 105]);
  });

  test("maxReceivesPerSecond is not exceeded", async () => {
    const topic = await bench().topic();
    const hook = await hookWith(
      bench(),
      topic,
      {},
      { throttlePolicy: { maxReceivesPerSecond: 2 } },
    );
    await Promise.all(
      Array.from({ length: 5 }, () => bench().sns.publish({ TopicArn: topic, Message: "m" })),
    );
    await bench().advance(10);
    // The confirmation was the first of the first second.
    assert.deepEqual(seconds(hook), [0, 1, 1, 2, 2]);
  });

  test("4xx answers other than 429 are final", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const attributes = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) };
    const gone = await bench().hook(topic, attributes);
    gone.answerWith(410);
    const busy = await bench().hook(topic);
    busy.answerWith(429);
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(100);
    assert.deepEqual(seconds(gone), [0]);
    assert.deepEqual(seconds(busy), [0, 20, 40, 60]);
    assert.equal(
      (await bench().takeOne(dead)).MessageAttributes?.["ErrorCode"]?.StringValue,
      "410",
    );
  });

  test("redirects are followed on the same host only", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const hook = await bench().hook(topic, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    hook.answer = (response, { path }) =>
      path === "/new" ? response.end() : response.writeHead(307, { location: "/new" }).end();
    await bench().sns.publish({ TopicArn: topic, Message: "moved" });
    await bench().settle();
    assert.deepEqual(
      hook.take().map(({ path, body }) => [path, JSON.parse(body).Message]),
      [
        ["/hook", "moved"],
        ["/new", "moved"],
      ],
    );
    hook.answerWith(302, { location: "http://localhost:1/" });
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().settle();
    const { MessageAttributes } = await bench().takeOne(dead);
    assert.equal(MessageAttributes?.["ErrorCode"]?.StringValue, "RedirectRefused");
  });

  test("a hook with a certificate nobody trusts fails", async () => {
    const topic = await bench().topic();
    const { createServer } = await import("node:https");
    const { key, cert } = await testCertificate();
    const server = createServer({ key, cert }, (_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    await bench().subscribe(topic, "https", `https://127.0.0.1:${address.port}/`);
    await bench().advance(100);
    server.close();
    const { Attributes } = await bench().sns.getTopicAttributes({ TopicArn: topic });
    assert.equal(Attributes?.["SubscriptionsPending"], "1");
  });

  test("one dead hook holds up no other, and its deliveries wait in order of time", async () => {
    const topic = await bench().topic();
    const dead = await bench().hook(topic);
    dead.answerWith(500);
    const alive = await bench().hook(topic);
    for (let batch = 0; batch < 10; batch += 1) {
      await bench().sns.publishBatch({
        TopicArn: topic,
        PublishBatchRequestEntries: Array.from({ length: 10 }, (_, index) => ({
          Id: String(index),
          Message: `${batch * 10 + index}`,
        })),
      });
    }
    await bench().settle();
    assert.equal(alive.take().length, 100);
    assert.equal(dead.take().length, 100);
    dead.answer = (response) => response.end();
    await bench().advance(20);
    assert.equal(new Set(dead.take().map(({ body }) => JSON.parse(body).Message)).size, 100);
    assert.deepEqual(alive.take(), []);
  });

  test("the unsubscribe link ends a subscription, which its last message can restore", async () => {
    const topic = await bench().topic();
    const hook = await bench().hook(topic);
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().settle();
    const [notification] = hook.take();
    const opened = await fetch(JSON.parse(notification?.body ?? "").UnsubscribeURL);
    assert.equal(opened.status, 200);
    await bench().settle();
    const [farewell] = hook.take();
    assert.equal(farewell?.headers["x-amz-sns-message-type"], "UnsubscribeConfirmation");
    await bench().sns.publish({ TopicArn: topic, Message: "unheard" });
    await bench().settle();
    assert.deepEqual(hook.take(), []);
    assert.equal((await fetch(JSON.parse(farewell?.body ?? "").SubscribeURL)).status, 200);
    await bench().sns.publish({ TopicArn: topic, Message: "again" });
    await bench().settle();
    assert.deepEqual(
      hook.take().map(({ body }) => JSON.parse(body).Message),
      ["again"],
    );
  });

  test("an endpoint is told when another account than the owner ends its subscription", async (t) => {
    const topic = await bench().topic();
    const [kept, ended] = [await bench().hook(topic), await bench().hook(topic)];
    await bench().sns.unsubscribe({ SubscriptionArn: kept.subscription });
    const other = bench().snsOf(t, { accessKeyId: "111111111111" });
    await other.unsubscribe({ SubscriptionArn: ended.subscription });
    await bench().settle();
    assert.deepEqual(kept.take(), []);
    assert.deepEqual(
      ended.take().map(({ headers }) => headers["x-amz-sns-message-type"]),
      ["UnsubscribeConfirmation"],
    );
  });

  test("AuthenticateOnUnsubscribe keeps links from ending a subscription", async () => {
    const topic = await bench().topic();
    const hook = await bench().openHook();
    const subscription = await bench().subscribe(topic, "http", hook.url);
    await bench().settle();
    const { Token } = JSON.parse(hook.take()[0]?.body ?? "");
    await bench().sns.confirmSubscription({
      TopicArn: topic,
      Token,
      AuthenticateOnUnsubscribe: "true",
    });
    const link = `${bench().server.url}/?Action=Unsubscribe&SubscriptionArn=${subscription}&Version=2010-03-31`;
    const opened = await fetch(link);
    assert.equal(opened.status, 403);
    assert.match(await opened.text(), /<Code>AuthorizationError<\/Code>/);
    await bench().sns.unsubscribe({ SubscriptionArn: subscription });
    await refused(
      bench().sns.getSubscriptionAttributes({ SubscriptionArn: subscription }),
      "NotFoundException",
    );
  });

  test("tokens are for two days, and pending subscriptions go with them", async () => {
    const topic = await bench().topic();
    const hook = await bench().openHook();
    const subscription = await bench().subscribe(topic, "http", hook.url);
    await bench().settle();
    const { Token } = JSON.parse(hook.take()[0]?.body ?? "");
    const confirm = (TopicArn: string, token: string): Promise<unknown> =>
      bench().sns.confirmSubscription({ TopicArn, Token: token });
    await refused(confirm(topic, "00"), "InvalidParameterException", "Invalid parameter: Token");
    const nowhere = topic.replace(/[^:]*$/, "nowhere");
    await refused(confirm(nowhere, "00"), "InvalidParameterException", "Invalid parameter: Token");
    const elsewhere = topic.replace("us-east-1", "eu-west-1");
    for (const arn of ["topic", elsewhere]) {
      await refused(confirm(arn, Token), "InvalidParameterException", "Invalid parameter: Topic");
    }
    await bench().advance(2 * 24 * 3_600);
    await refused(confirm(topic, Token), "InvalidParameterException", "Invalid parameter: Token");
    await refused(
      bench().sns.getSubscriptionAttributes({ SubscriptionArn: subscription }),
      "NotFoundException",
    );
  });

  test("deliveries survive a restart where their schedule stood", async (context) => {
    if (!bench().keepsData) return context.skip("this store keeps nothing");
    const topic = await bench().topic();
    const hook = await bench().hook(topic);
    hook.answerWith(500);
    const fromMs = bench().clock.now();
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().advance(25);
    await bench().restart();
    await bench().advance(100);
    assert.deepEqual(seconds(hook, fromMs), [0, 20, 40, 60]);
  });
};

async function testCertificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const { generateKeyPairSync } = await import("node:crypto");
  const { selfSignedCertificate } =
    await import("../../../src/services/sns/signing/certificate.ts");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const cert = selfSignedCertificate(privateKey, {
    commonName: "127.0.0.1",
    serialNumber: Uint8Array.of(1),
    fromMs: START_MS - 86_400_000,
    untilMs: Date.UTC(2_100, 0, 1),
  });
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}
