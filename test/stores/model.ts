import assert from "node:assert/strict";
import fc from "fast-check";
import type { Reader, Store, Tx } from "../../src/kernel/store.ts";
import { encodeKey, rangeBelow, rangeBetween } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";

const SPACE = 8;
/** Where transactions that run at once write down their order. */
const LOG_KEY = encodeKey(SPACE + 1, ["log"]);
const KEYS = 12;

/** One step of a transaction: what it reads is written down, what it writes depends on nothing. */
export type Step =
  | { readonly do: "put"; readonly at: number; readonly size: number }
  | { readonly do: "delete" | "add" | "clearSum" | "get" | "sum"; readonly at: number }
  | {
      readonly do: "range";
      readonly at: number;
      readonly end: number;
      readonly limit: number;
      readonly reverse: boolean;
    }
  | { readonly do: "claim"; readonly limit: number };

export interface Program {
  readonly steps: readonly Step[];
  readonly throws: boolean;
}

const at = fc.nat(KEYS - 1);

const writeStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), at, size: fc.nat(40) }),
  fc.record({ do: fc.constant("delete" as const), at }),
  fc.record({ do: fc.constant("add" as const), at }),
  fc.record({ do: fc.constant("clearSum" as const), at }),
);
const exactRead: fc.Arbitrary<Step> = fc.oneof(fc.record({ do: fc.constant("get" as const), at }));
const anyRead: fc.Arbitrary<Step> = fc.oneof(
  exactRead,
  fc.record({ do: fc.constant("sum" as const), at }),
  fc.record({
    do: fc.constant("range" as const),
    at,
    end: fc.nat(KEYS),
    limit: fc.integer({ min: 1, max: KEYS }),
    reverse: fc.boolean(),
  }),
  fc.record({ do: fc.constant("claim" as const), limit: fc.integer({ min: 1, max: 4 }) }),
);

function program(step: fc.Arbitrary<Step>): fc.Arbitrary<Program> {
  const throws = fc.integer({ min: 0, max: 4 }).map((number) => number === 0);
  return fc.record({ steps: fc.array(step, { maxLength: 10 }), throws });
}

/** Transactions with every kind of step. */
export function sequentialProgram(): fc.Arbitrary<Program[]> {
  return fc.array(program(fc.oneof(writeStep, anyRead)), { maxLength: 12 });
}

/** Transactions whose reads are the ones that the contract makes serializable. */
export function concurrentProgram(): fc.Arbitrary<Program[]> {
  return fc.array(program(fc.oneof(writeStep, exactRead)), { minLength: 2, maxLength: 8 });
}

/** Runs the transactions one by one and compares all that they see with the model. */
export async function runInOrder(store: Store, programs: readonly Program[]): Promise<void> {
  const model = new Model();
  for (const [index, one] of programs.entries()) {
    const expected = model.run(index, one);
    assert.deepEqual(await runOne(store, index, one), expected);
  }
  assert.deepEqual(await store.read(everything), model.everything());
}

/**
 * Runs the transactions at once. Each also adds its number to a log that it reads and writes, so
 * that their order is known; the model, run in that order, must have seen the same.
 */
export async function runConcurrently(store: Store, programs: readonly Program[]): Promise<void> {
  const seen = await Promise.all(programs.map((one, index) => runOne(store, index, one, true)));
  const log = decode(await store.read((reader) => reader.get(LOG_KEY))) ?? "";
  const order = log === "" ? [] : log.slice(1).split(",").map(Number);
  const lasting = programs.flatMap((one, index) => (one.throws ? [] : [index]));
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    lasting,
  );
  const model = new Model();
  for (const index of order) {
    const one = programs[index];
    if (one !== undefined) assert.deepEqual(seen[index], model.run(index, one));
  }
  assert.deepEqual(await store.read(everything), model.everything());
}

class Thrown extends Error {}

async function runOne(store: Store, index: number, one: Program, logs = false): Promise<string[]> {
  let seen: string[] = [];
  try {
    await store.transact(async (tx) => {
      seen = [];
      if (logs) {
        const log = decode(await tx.get(LOG_KEY)) ?? "";
        tx.put(LOG_KEY, encode(`${log},${index}`));
      }
      for (const step of one.steps) seen.push(...(await apply(tx, index, step)));
      if (one.throws) throw new Thrown();
    });
  } catch (error) {
    if (!(error instanceof Thrown)) throw error;
  }
  return seen;
}

async function apply(tx: Tx, index: number, step: Step): Promise<string[]> {
  switch (step.do) {
    case "put":
      tx.put(keyOf(step.at), encode(valueOf(index, step.size)));
      return [];
    case "delete":
      tx.delete(keyOf(step.at));
      return [];
    case "add":
      tx.add(keyOf(step.at), index + 1);
      return [];
    case "clearSum":
      tx.clearSum(keyOf(step.at));
      return [];
    case "get":
      return [decode(await tx.get(keyOf(step.at))) ?? "absent"];
    case "sum":
      return [String(await tx.sum(keyOf(step.at)))];
    case "range": {
      const { limit, reverse } = step;
      const range = rangeBetween(encodeKey(SPACE, []), step.at, step.end);
      return (await tx.range(range, { limit, reverse })).map((entry) => decode(entry.value) ?? "");
    }
    case "claim": {
      const entries = await tx.claim(rangeBelow(encodeKey(SPACE, [])), step.limit);
      for (const entry of entries) tx.delete(entry.key);
      return entries.map((entry) => decode(entry.value) ?? "");
    }
  }
}

/** What a store is to its users: a sorted map and totals. */
class Model {
  #entries = new Map<number, string>();
  #sums = new Map<number, number>();

  run(index: number, one: Program): string[] {
    const before = { entries: new Map(this.#entries), sums: new Map(this.#sums) };
    const seen = one.steps.flatMap((step) => this.#apply(index, step));
    if (one.throws) {
      this.#entries = before.entries;
      this.#sums = before.sums;
    }
    return seen;
  }

  everything(): string[] {
    return [
      ...this.#sorted().map(([number, value]) => `${number}=${value}`),
      ...numbers().map((number) => `sum ${this.#sums.get(number) ?? 0}`),
    ];
  }

  #apply(index: number, step: Step): string[] {
    switch (step.do) {
      case "put":
        this.#entries.set(step.at, valueOf(index, step.size));
        return [];
      case "delete":
        this.#entries.delete(step.at);
        return [];
      case "add":
        this.#sums.set(step.at, (this.#sums.get(step.at) ?? 0) + index + 1);
        return [];
      case "clearSum":
        this.#sums.delete(step.at);
        return [];
      case "get":
        return [this.#entries.get(step.at) ?? "absent"];
      case "sum":
        return [String(this.#sums.get(step.at) ?? 0)];
      case "range": {
        const inside = this.#sorted().filter(([number]) => number >= step.at && number < step.end);
        if (step.reverse) inside.reverse();
        return inside.slice(0, step.limit).map(([, value]) => value);
      }
      case "claim": {
        const first = this.#sorted().slice(0, step.limit);
        for (const [number] of first) this.#entries.delete(number);
        return first.map(([, value]) => value);
      }
    }
  }

  #sorted(): [number, string][] {
    return [...this.#entries].toSorted(([a], [b]) => a - b);
  }
}

async function everything(reader: Reader): Promise<string[]> {
  const entries = await reader.range(rangeBelow(encodeKey(SPACE, [])), { limit: 100 });
  const values = new Map(entries.map((entry) => [entry.key, decode(entry.value)]));
  const lines: string[] = [];
  for (const number of numbers()) {
    const value = values.get(keyOf(number));
    if (value !== undefined) lines.push(`${number}=${value}`);
  }
  for (const number of numbers()) lines.push(`sum ${await reader.sum(keyOf(number))}`);
  return lines;
}

function numbers(): number[] {
  return Array.from({ length: KEYS }, (_, number) => number);
}

function keyOf(number: number): Key {
  return encodeKey(SPACE, [number]);
}

function valueOf(index: number, size: number): string {
  return `${index}${".".repeat(size)}`;
}

function encode(content: string): Uint8Array {
  return Buffer.from(content);
}

function decode(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}
