import assert from "node:assert/strict";

/** Where the load goes: made before the first kill. */
export const STANDARD_QUEUE = "load";
export const FIFO_QUEUE = "load.fifo";

/** Clients that send, receive and delete side by side. */
const SENDERS = 4;
const RECEIVERS = 3;
const FIFO_SENDERS = 4;
const FIFO_RECEIVERS = 2;
/** Short, so that what a killed server had in flight comes back while the torture goes on. */
const VISIBILITY_SECONDS = 1;

/** What clients tried and what was acknowledged, by message body, over all lives of the server. */
export class LoadLedger {
  readonly sendTried: Set<string> = new Set();
  readonly sent: Set<string> = new Set();
  readonly deleteTried: Set<string> = new Set();
  readonly deleted: Set<string> = new Set();
  /** The next number of each FIFO group: a send that was not acknowledged is tried again. */
  readonly nextOf: Map<string, number> = new Map();
}

/** Works on the server at `url` until it is gone. Throws when an answer is wrong. */
export async function loadSqs(url: string, ledger: LoadLedger, round: number): Promise<void> {
  const standard = `${url}/000000000000/${STANDARD_QUEUE}`;
  const fifo = `${url}/000000000000/${FIFO_QUEUE}`;
  const workers = [
    ...times(SENDERS, (name) => send(standard, ledger, `${round}-${name}`)),
    ...times(RECEIVERS, () => receive(standard, ledger)),
    ...times(FIFO_SENDERS, (name) => sendInOrder(fifo, ledger, `g${name}`)),
    ...times(FIFO_RECEIVERS, () => receive(fifo, ledger)),
  ];
  const ends = await Promise.allSettled(workers);
  for (const end of ends) {
    // The server was killed in the middle of a request: what every worker ends with.
    if (end.status === "rejected" && !(end.reason instanceof TypeError)) throw end.reason;
  }
}

/** Calls an operation. Throws a TypeError, as fetch does, when the server is gone. */
export async function callSqs(
  queueUrl: string,
  operation: string,
  input: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(new URL(queueUrl).origin, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
    },
    body: JSON.stringify({ QueueUrl: queueUrl, ...input }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${operation}: ${text}`);
  // The answers of SQS are JSON objects.
  return JSON.parse(text || "{}") as Record<string, unknown>;
}

/** A message as a receive answers it. */
export interface LoadMessage {
  readonly Body: string;
  readonly ReceiptHandle: string;
}

/** Receives up to 10 messages. */
export async function receiveSome(
  queueUrl: string,
  seconds: number,
): Promise<readonly LoadMessage[]> {
  const input = { MaxNumberOfMessages: 10, VisibilityTimeout: seconds };
  const answer = await callSqs(queueUrl, "ReceiveMessage", input);
  return (answer["Messages"] ?? []) as readonly LoadMessage[];
}

async function send(queueUrl: string, ledger: LoadLedger, prefix: string): Promise<void> {
  for (let count = 0; ; count += 1) {
    const bodies =
      count % 4 === 0 ? times(5, (at) => `${prefix}-${count}-${at}`) : [`${prefix}-${count}`];
    for (const body of bodies) ledger.sendTried.add(body);
    const Entries = bodies.map((MessageBody, at) => ({ Id: String(at), MessageBody }));
    if (Entries.length > 1) await callSqs(queueUrl, "SendMessageBatch", { Entries });
    else await callSqs(queueUrl, "SendMessage", { MessageBody: bodies[0] });
    for (const body of bodies) ledger.sent.add(body);
  }
}

async function sendInOrder(queueUrl: string, ledger: LoadLedger, group: string): Promise<void> {
  for (;;) {
    const number = ledger.nextOf.get(group) ?? 0;
    const body = `${group} ${number}`;
    ledger.sendTried.add(body);
    const MessageDeduplicationId = `${group}-${number}`;
    await callSqs(queueUrl, "SendMessage", {
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId,
    });
    ledger.sent.add(body);
    ledger.nextOf.set(group, number + 1);
  }
}

async function receive(queueUrl: string, ledger: LoadLedger): Promise<void> {
  for (let count = 0; ; count += 1) {
    const messages = await receiveSome(queueUrl, VISIBILITY_SECONDS);
    checkReceived(messages, ledger);
    // Some stay, so that there is a backlog, and something in flight, at every kill.
    for (const message of messages.slice(0, 1 + (count % messages.length || 0))) {
      await remove(queueUrl, message, ledger);
    }
  }
}

async function remove(queueUrl: string, message: LoadMessage, ledger: LoadLedger): Promise<void> {
  ledger.deleteTried.add(message.Body);
  await callSqs(queueUrl, "DeleteMessage", { ReceiptHandle: message.ReceiptHandle });
  ledger.deleted.add(message.Body);
}

/** No deleted message returns, nothing comes that nobody sent, and groups are in order. */
export function checkReceived(messages: readonly LoadMessage[], ledger: LoadLedger): void {
  const last = new Map<string, number>();
  for (const { Body } of messages) {
    assert.ok(ledger.sendTried.has(Body), `${Body} was never sent`);
    assert.ok(!ledger.deleted.has(Body), `${Body} was deleted and returned`);
    const [group = "", number = ""] = Body.split(" ");
    if (number === "") continue;
    const before = last.get(group);
    assert.ok(before === undefined || before < Number(number), `${Body} came after ${before}`);
    last.set(group, Number(number));
  }
}

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
