import assert from "node:assert/strict";
import type { Reader, Store, Tx } from "../../src/kernel/store.ts";
import { decodeKey, encodeKey, rangeBelow } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { randomFrom } from "./kill-loop.ts";

/**
 * Work for a store that is about to be killed. Accounts pay each other; each payment is also
 * appended to a journal, in the same transaction; others take payments from the journal's head and
 * file them. So from what is stored it can be told which transactions happened, and that each
 * happened wholly:
 *
 *   balance = balance before + all payments in the journal and in the files
 *   the total of payments = how many are in the journal and in the files
 */
const SPACE = 9;
const ACCOUNTS = 10;
const PAYERS = 24;
const FILERS = 8;
const TOTAL = encodeKey(SPACE, ["total"]);
const JOURNAL = encodeKey(SPACE, ["journal"]);
const FILES = encodeKey(SPACE, ["files"]);

/** Works on `store` until the process ends, telling `acknowledge` of each thing once it is durable. */
export async function workOnLedger(
  store: Store,
  seed: number,
  acknowledge: (line: string) => void,
): Promise<void> {
  const random = randomFrom(seed);
  const payer = async (name: number): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const id = `${name}-${count}`;
      const [from, to] = [pick(random), pick(random)];
      const amount = Math.floor(random() * 50);
      const padding = ".".repeat(random() < 0.02 ? 100_000 : 40);
      await store.transact((tx) => pay(tx, id, `${from},${to},${amount},${padding}`));
      acknowledge(`paid ${id}`);
    }
  };
  const filer = async (): Promise<void> => {
    for (;;) for (const id of await store.transact(file)) acknowledge(`filed ${id}`);
  };
  await Promise.all([
    ...Array.from({ length: PAYERS }, (_, name) => payer(name)),
    ...Array.from({ length: FILERS }, filer),
  ]);
}

/** The balances by account, all 0 before the first payment. */
export type Balances = readonly number[];

export const EMPTY_LEDGER: Balances = Array.from({ length: ACCOUNTS }, () => 0);

/**
 * Checks what a killed {@link workOnLedger} left, and tidies up for the next. Answers the balances.
 */
export async function checkLedger(
  store: Store,
  before: Balances,
  acknowledged: readonly string[],
): Promise<Balances> {
  const { journal, files, balances, total } = await store.read(async (reader) => ({
    journal: await payments(reader, JOURNAL),
    files: await payments(reader, FILES),
    balances: await Promise.all(
      before.map(async (_, at) => balance(await reader.get(account(at)))),
    ),
    total: await reader.sum(TOTAL),
  }));
  const expected = [...before];
  for (const [id, payment] of [...journal, ...files]) {
    assert.ok(!(journal.has(id) && files.has(id)), `${id} is in two places`);
    const [from = 0, to = 0, amount = 0] = payment.split(",").map(Number);
    expected[from] = (expected[from] ?? 0) - amount;
    expected[to] = (expected[to] ?? 0) + amount;
  }
  assert.deepEqual(balances, expected);
  assert.equal(total, journal.size + files.size);
  for (const line of acknowledged) {
    const [what, id = ""] = line.split(" ");
    if (what === "paid") assert.ok(journal.has(id) || files.has(id), `${id} was paid and is lost`);
    else assert.ok(files.has(id), `${id} was filed and is not`);
  }
  await store.transact(async (tx) => {
    for (const id of journal.keys()) tx.delete(encodeKey(SPACE, ["journal", id]));
    for (const id of files.keys()) tx.delete(encodeKey(SPACE, ["files", id]));
    tx.clearSum(TOTAL);
  });
  return balances;
}

async function pay(tx: Tx, id: string, payment: string): Promise<void> {
  const [from = 0, to = 0, amount = 0] = payment.split(",").map(Number);
  const giver = balance(await tx.get(account(from)));
  tx.put(account(from), Buffer.from(String(giver - amount)));
  const taker = balance(await tx.get(account(to)));
  tx.put(account(to), Buffer.from(String(taker + amount)));
  tx.put(encodeKey(SPACE, ["journal", id]), Buffer.from(payment));
  tx.add(TOTAL, 1);
}

async function file(tx: Tx): Promise<string[]> {
  const entries = await tx.claim(rangeBelow(JOURNAL), 3);
  return entries.map((entry) => {
    const id = idOf(entry.key);
    tx.delete(entry.key);
    tx.put(encodeKey(SPACE, ["files", id]), entry.value);
    return id;
  });
}

async function payments(reader: Reader, prefix: Key): Promise<Map<string, string>> {
  const entries = await reader.range(rangeBelow(prefix), { limit: 10_000_000 });
  return new Map(
    entries.map((entry) => [idOf(entry.key), Buffer.from(entry.value).toString("latin1")]),
  );
}

function idOf(key: Key): string {
  return String(decodeKey(key)[1]);
}

function pick(random: () => number): number {
  return Math.floor(random() * ACCOUNTS);
}

function account(at: number): Key {
  return encodeKey(SPACE, ["account", at]);
}

function balance(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}
