import type { Connection } from "./connection.ts";
import {
  BATCH,
  deleteBatchRequest,
  deleteRequest,
  handlesOf,
  receiveRequest,
  sendBatchRequest,
  sendGroupsRequest,
  sendRequest,
} from "./sqs-requests.ts";

export type ScriptName =
  | "send"
  | "sendBatch"
  | "sendGroups"
  | "consume"
  | "consumeGroups"
  | "cycleBatch";

/** What every connection of a load does over and over. */
export interface Script {
  readonly name: ScriptName;
  /** Where requests go. */
  readonly url: string;
  readonly queueUrl: string;
  /** The last SendMessage to make groups or batches of; counts over all loads of a queue. */
  readonly firstNumber?: number;
}

/** One round of a script; answers how many messages it handled. `request` times one request. */
export type Round = (connection: Connection, request: Timed) => Promise<number>;

/** Sends a request and notes how long its answer took. */
export type Timed = (connection: Connection, bytes: Uint8Array) => Promise<Buffer>;

/** Prepares a script once per load. */
type Prepare = (script: Script) => Round;

export const SCRIPTS: Readonly<Record<ScriptName, Prepare>> = {
  /** SendMessage. */
  send: ({ url, queueUrl }) => {
    const bytes = sendRequest(url, queueUrl);
    return async (connection, request) => {
      await request(connection, bytes);
      return 1;
    };
  },
  /** SendMessageBatch of 10. */
  sendBatch: ({ url, queueUrl }) => {
    const bytes = sendBatchRequest(url, queueUrl);
    return async (connection, request) => {
      await request(connection, bytes);
      return BATCH;
    };
  },
  /** SendMessageBatch of 10, each to a message group of its own. */
  sendGroups: ({ url, queueUrl, firstNumber = 0 }) => {
    let number = firstNumber;
    return async (connection, request) => {
      number += 1;
      await request(connection, sendGroupsRequest(url, queueUrl, number));
      return BATCH;
    };
  },
  /** Feeds ten, then receives and deletes ten, one by one. Only the latter are timed. */
  consume: (script) => consume(script, () => sendBatchRequest(script.url, script.queueUrl)),
  /** The same where every message has a group of its own. */
  consumeGroups: (script) => {
    let number = script.firstNumber ?? 0;
    return consume(script, () => {
      number += 1;
      return sendGroupsRequest(script.url, script.queueUrl, number);
    });
  },
  /** Sends, receives and deletes ten, a batch each. */
  cycleBatch: ({ url, queueUrl }) => {
    const send = sendBatchRequest(url, queueUrl);
    const receive = receiveRequest(url, { QueueUrl: queueUrl, MaxNumberOfMessages: BATCH });
    return async (connection, request) => {
      await request(connection, send);
      const handles = handlesOf(await request(connection, receive));
      if (handles.length > 0) {
        await request(connection, deleteBatchRequest(url, queueUrl, handles));
      }
      return handles.length;
    };
  },
};

function consume({ url, queueUrl }: Script, feed: () => Uint8Array): Round {
  const receive = receiveRequest(url, { QueueUrl: queueUrl });
  return async (connection, request) => {
    await connection.send(feed());
    let handled = 0;
    for (let turn = 0; turn < BATCH; turn += 1) {
      const [handle] = handlesOf(await request(connection, receive));
      if (handle === undefined) continue;
      await request(connection, deleteRequest(url, queueUrl, handle));
      handled += 1;
    }
    return handled;
  };
}
