import assert from "node:assert/strict";
import { test } from "node:test";
import { callerOf } from "../../src/kernel/caller.ts";
import { ServiceCatalog } from "../../src/kernel/catalog.ts";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { ServiceError } from "../../src/kernel/errors.ts";
import { shortPath } from "../../src/kernel/input-path.ts";
import { loadingStore } from "../../src/kernel/loading-store.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import { conversation, transaction } from "../../src/kernel/operation.ts";
import type { Context } from "../../src/kernel/operation.ts";
import type { Service } from "../../src/kernel/service.ts";
import { space } from "../../src/kernel/spaces.ts";
import type { Store } from "../../src/kernel/store.ts";
import { TargetRegistry } from "../../src/kernel/targets.ts";
import { systemRandom } from "../../src/random.ts";
import { memoryStore } from "../../src/stores/memory.ts";

const MODEL: ServiceModel = {
  signingName: "notes",
  sdkId: "Notes",
  version: "1",
  protocols: ["awsJson1_0"],
  errorNamespace: "notes",
  operations: { Put: { input: "Note" }, Wait: { input: "Note" } },
  structures: { Note: { members: { Text: { shape: "string" } }, required: ["Text"] } },
  lists: {},
  maps: {},
  errors: {},
};

const NOTE = space<[]>({
  number: 9_998,
  name: "note",
  layout: [],
  value: "text",
  lifetime: "a test",
});

const NOTES: Service = {
  model: MODEL,
  operations: {
    Put: transaction(async (context: Context, { Text }: { Text: string }, tx) => {
      tx.put(NOTE.key(), Buffer.from(Text));
      return { Account: context.caller.accountId };
    }),
    Wait: conversation(async () => ({})),
  },
  refusals: {
    missing: ([first]) => new ServiceError("Missing", shortPath(first)),
    wrongType: (path) => new ServiceError("WrongType", path),
  },
  work: {
    "notes.tidy": { kind: "timer", fire: async () => {} },
  },
};

function catalogOf(
  load: (store: Store) => Promise<Service> = async () => NOTES,
  store: Store = loadingStore(memoryStore()),
) {
  const catalog = new ServiceCatalog({
    loaders: { notes: () => load(store) },
    store,
    clock: new AdjustableClock({ frozenAtMs: 0 }),
    random: systemRandom(),
    publicUrl: () => "http://h",
  });
  const read = async (): Promise<string | undefined> => {
    const value = await store.read((reader) => reader.get(NOTE.key()));
    return value === undefined ? undefined : Buffer.from(value).toString();
  };
  return { catalog, store, read };
}

const caller = callerOf("123456789012", "us-east-1");
const put = { service: "notes", operation: "Put", input: { Text: "a" }, caller };

test("a service is loaded once, by the first that needs it", async () => {
  let loads = 0;
  const { catalog } = catalogOf(async () => {
    loads += 1;
    return NOTES;
  });
  assert.equal(catalog.loaded("notes"), undefined);
  await Promise.all([catalog.call(put), catalog.service("notes"), catalog.pages("notes")]);
  assert.equal(catalog.loaded("notes"), NOTES);
  assert.equal(loads, 1);
});

test("a service that failed to load is tried again", async () => {
  let loads = 0;
  const { catalog } = catalogOf(async () => {
    loads += 1;
    if (loads === 1) throw new Error("not yet");
    return NOTES;
  });
  await assert.rejects(catalog.service("notes"), /not yet/);
  assert.equal(await catalog.service("notes"), NOTES);
});

test("a call in process is validated, runs and commits", async () => {
  const { catalog, read } = catalogOf();
  assert.deepEqual(await catalog.call(put), { Account: "123456789012" });
  assert.equal(await read(), "a");
  await assert.rejects(catalog.call({ ...put, input: {} }), { code: "Missing" });
  await assert.rejects(catalog.call({ ...put, input: { Text: 1 } }), { code: "WrongType" });
});

test("a call within a transaction commits with it, or not at all", async () => {
  const { catalog, store, read } = catalogOf();
  const failing = store.transact(async (tx) => {
    await catalog.callWithin(tx, put);
    throw new Error("changed my mind");
  });
  await assert.rejects(failing, /changed my mind/);
  assert.equal(await read(), undefined);
  await store.transact((tx) => catalog.callWithin(tx, put));
  assert.equal(await read(), "a");
});

test("only what works in one transaction runs within another's", async () => {
  const { catalog, store } = catalogOf();
  assert.equal(await catalog.isTransaction("notes", "Put"), true);
  assert.equal(await catalog.isTransaction("notes", "Wait"), false);
  assert.equal(await catalog.isTransaction("notes", "toString"), false);
  assert.equal(await catalog.isTransaction("nobody", "Put"), false);
  const wait = { ...put, operation: "Wait" };
  await assert.rejects(
    store.transact((tx) => catalog.callWithin(tx, wait)),
    /within a transaction/,
  );
});

test("what nobody answers is an unknown operation", async () => {
  const { catalog } = catalogOf();
  for (const [service, operation] of [
    ["notes", "Get"],
    ["notes", "constructor"],
    ["nobody", "Put"],
    ["__proto__", "Put"],
  ] as const) {
    await assert.rejects(catalog.call({ ...put, service, operation }), {
      code: "UnknownOperationException",
    });
  }
});

test("work is handled by the service that its kind names", async () => {
  const { catalog } = catalogOf();
  assert.equal((await catalog.workHandler("notes.tidy"))?.kind, "timer");
  assert.equal(await catalog.workHandler("notes.other"), undefined);
  assert.equal(await catalog.workHandler("nobody.tidy"), undefined);
});

/** Notes as others can deliver to them. */
const NOTES_TARGET: Service = {
  ...NOTES,
  target: {
    async deliver(tx, _arn, { body }) {
      tx.put(NOTE.key(), Buffer.from(body));
      return { messageId: "1" };
    },
  },
};

/** Notes whose loading has a transaction of its own, which waits until no other one runs. */
async function loadWithTheStore(store: Store): Promise<Service> {
  await store.transact(async (tx) => tx.get(NOTE.key()));
  return NOTES_TARGET;
}

const ARN = "arn:aws:notes:us-east-1:123456789012:note";

test("a transaction that delivers to a service which is not loaded does not wait for it with its turn taken", async () => {
  const { catalog, store, read } = catalogOf(loadWithTheStore);
  const targets = new TargetRegistry((name) => catalog.target(name));
  const delivery = { body: "delivered", sourceArn: ARN, nowMs: 0 };
  await store.transact((tx) => targets.deliver(tx, ARN, delivery));
  assert.equal(await read(), "delivered");
});

test("a transaction that calls a service which is not loaded does not wait for it with its turn taken", async () => {
  const { catalog, store, read } = catalogOf(loadWithTheStore);
  await store.transact((tx) => catalog.callWithin(tx, put));
  assert.equal(await read(), "a");
});

test("a transaction fails when the service that it needs does not load, and the next one tries again", async () => {
  let loads = 0;
  const load = async (store: Store): Promise<Service> => {
    loads += 1;
    if (loads === 1) throw new Error("not yet");
    return loadWithTheStore(store);
  };
  const { catalog, store } = catalogOf(load);
  await assert.rejects(
    store.transact((tx) => catalog.callWithin(tx, put)),
    /not yet/,
  );
  await store.transact((tx) => catalog.callWithin(tx, put));
  assert.equal(loads, 2);
});

test("nothing is delivered to where no service is, nor to one that takes nothing", async () => {
  const { catalog, store } = catalogOf();
  const targets = new TargetRegistry((name) => catalog.target(name));
  const delivery = { body: "b", sourceArn: ARN, nowMs: 0 };
  for (const arn of [ARN, "arn:aws:nobody:us-east-1:123456789012:x", "no ARN"]) {
    await assert.rejects(
      store.transact((tx) => targets.deliver(tx, arn, delivery)),
      { code: "InvalidTarget" },
      arn,
    );
  }
});
