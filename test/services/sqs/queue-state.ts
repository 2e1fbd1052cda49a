import assert from "node:assert/strict";
import { decodeRecord } from "../../../src/kernel/record.ts";
import type { Reader, Store } from "../../../src/kernel/store.ts";
import type { Key, KeyRange } from "../../../src/kernel/tuple.ts";
import {
  COUNT,
  FIFO_DELAYED,
  FIFO_GROUP,
  FIFO_ORDER,
  FIFO_READY,
  FIFO_YOUNG,
  FLIGHT,
  HIDDEN,
  MESSAGE,
  QUEUE,
  READY,
  TENANT_LOAD,
} from "../../../src/services/sqs/keys.ts";
import type { HiddenRecord } from "../../../src/services/sqs/backlog.ts";
import type { GroupRecord } from "../../../src/services/sqs/fifo-group.ts";
import type { MessageRecord } from "../../../src/services/sqs/message.ts";
import { backlogOf } from "../../../src/services/sqs/queue.ts";
import type { QueueRecord } from "../../../src/services/sqs/queue.ts";

/** Tenants that tests name: their load is checked also when nothing of theirs is there. */
const TENANTS = ["a", "b", "c", "t", "noisy", "quiet", "calm"];

/** What a queue holds, read from its keys. */
export interface QueueState {
  readonly messages: number;
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
}

/** Adds to a queue's count of messages in flight, as that many receives would. */
export async function addInFlight(store: Store, url: string, count: number): Promise<void> {
  await store.transact(async (tx) => {
    const queue = await queueOf(tx, url);
    tx.add(COUNT.key(backlogOf(queue), "inFlight"), count);
  });
}

/**
 * Reads a queue's keys and checks all that must hold between them: every message is in one place,
 * every count is the number of what it counts, every group is where its messages say it is.
 */
export function checkedState(store: Store, url: string): Promise<QueueState> {
  return store.read(async (reader) => {
    const queue = await queueOf(reader, url);
    const backlog = backlogOf(queue);
    const all = async (range: KeyRange): Promise<Key[]> =>
      (await reader.range(range, { limit: 1_000_000 })).map(({ key }) => key);
    const sum = (name: "ready" | "delayed" | "inFlight"): Promise<number> =>
      reader.sum(COUNT.key(backlog, name));
    const messages = (await all(MESSAGE.below(backlog))).map((key) => MESSAGE.parts(key)[1]);
    const state: QueueState = {
      messages: messages.length,
      ready: await sum("ready"),
      delayed: await sum("delayed"),
      inFlight: await sum("inFlight"),
    };
    assert.equal(state.ready + state.delayed + state.inFlight, state.messages, "counts = messages");
    assert.ok(state.ready >= 0 && state.delayed >= 0 && state.inFlight >= 0, "counts are positive");
    const present = new Set(messages);
    for (const key of await all(FLIGHT.below(backlog))) {
      assert.ok(present.has(FLIGHT.parts(key)[1]), "a flight has its message");
    }
    if (queue.isFifo) await checkGroups(reader, backlog, state);
    else {
      await checkPlaces(reader, backlog, { state, messages });
      await checkTenants(reader, backlog);
    }
    return state;
  });
}

/** The messages that a queue holds, wherever they are. */
export function storedMessages(store: Store, url: string): Promise<MessageRecord[]> {
  return store.read(async (reader) => {
    const backlog = backlogOf(await queueOf(reader, url));
    const entries = await reader.range(MESSAGE.below(backlog), { limit: 1_000_000 });
    return entries.map(({ value }) => decodeRecord<MessageRecord>(value));
  });
}

async function checkPlaces(
  reader: Reader,
  backlog: string,
  { state, messages }: { readonly state: QueueState; readonly messages: readonly string[] },
): Promise<void> {
  const ready = await reader.range(READY.below(backlog), { limit: 1_000_000 });
  const hidden = await reader.range(HIDDEN.below(backlog), { limit: 1_000_000 });
  const places = [
    ...ready.map(({ key }) => READY.parts(key)[2]),
    ...hidden.map(({ key }) => HIDDEN.parts(key)[2]),
  ];
  assert.deepEqual(places.toSorted(), messages.toSorted(), "every message is in one place");
  const delayed = hidden.filter(
    ({ value }) => decodeRecord<HiddenRecord>(value).kind === "delayed",
  );
  assert.equal(state.ready, ready.length, "ready count");
  assert.equal(state.delayed, delayed.length, "delayed count");
  assert.equal(state.inFlight, hidden.length - delayed.length, "in flight count");
}

/** The load of each tenant of a fair queue is how many messages it has there. */
async function checkTenants(reader: Reader, backlog: string): Promise<void> {
  const loads = new Map([...TENANTS].map((tenant) => [tenant, 0]));
  for (const { value } of await reader.range(MESSAGE.below(backlog), { limit: 1_000_000 })) {
    const { group } = decodeRecord<MessageRecord>(value);
    if (group !== undefined) loads.set(group, (loads.get(group) ?? 0) + 1);
  }
  for (const [tenant, load] of loads) {
    assert.equal(await reader.sum(TENANT_LOAD.key(backlog, tenant)), load, `load of ${tenant}`);
  }
}

async function checkGroups(reader: Reader, backlog: string, state: QueueState): Promise<void> {
  const limit = { limit: 1_000_000 };
  const queued = new Map<string, number>();
  for (const { key } of await reader.range(FIFO_ORDER.below(backlog), limit)) {
    const group = FIFO_ORDER.parts(key)[1];
    queued.set(group, (queued.get(group) ?? 0) + 1);
  }
  const inFlight = new Map<string, number>();
  for (const { value } of await reader.range(HIDDEN.below(backlog), limit)) {
    const hidden = decodeRecord<HiddenRecord>(value);
    if (hidden.kind !== "flight") continue;
    inFlight.set(hidden.group ?? "", (inFlight.get(hidden.group ?? "") ?? 0) + 1);
  }
  const ready = (await reader.range(FIFO_READY.below(backlog), limit)).map(
    ({ key }) => FIFO_READY.parts(key)[2],
  );
  const delayed = (await reader.range(FIFO_DELAYED.below(backlog), limit)).map(
    ({ key }) => FIFO_DELAYED.parts(key)[2],
  );
  const groups = await reader.range(FIFO_GROUP.below(backlog), limit);
  for (const { key, value } of groups) {
    const group = FIFO_GROUP.parts(key)[1];
    const record = decodeRecord<GroupRecord>(value);
    assert.equal(record.queued, queued.get(group) ?? 0, `queued in ${group}`);
    assert.equal(record.inFlight, inFlight.get(group) ?? 0, `in flight in ${group}`);
    const places = [...ready, ...delayed].filter((each) => each === group).length;
    assert.equal(places, record.inFlight > 0 ? 0 : 1, `places of ${group}`);
  }
  const known = new Set(groups.map(({ key }) => FIFO_GROUP.parts(key)[1]));
  for (const group of [...queued.keys(), ...inFlight.keys(), ...ready, ...delayed]) {
    assert.ok(known.has(group), `${group} is known`);
  }
  const young = await reader.range(FIFO_YOUNG.below(backlog), limit);
  assert.equal(state.delayed, young.length, "delayed count");
  const total = [...queued.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(state.ready + state.delayed, total, "queued count");
  const flying = [...inFlight.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(state.inFlight, flying, "in flight count");
}

async function queueOf(reader: Reader, url: string): Promise<QueueRecord> {
  const [name = "", accountId = ""] = url.split("/").toReversed();
  const value = await reader.get(QUEUE.key(accountId, "us-east-1", name));
  assert.ok(value, "the queue is there");
  return decodeRecord<QueueRecord>(value);
}
