/**
 * What one node does to a machine's versions and aliases while another decides on the list of them: each
 * of these races happens every time.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { callerOf } from "../../../src/kernel/caller.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { AnyOperation, Context } from "../../../src/kernel/operation.ts";
import type { Store } from "../../../src/kernel/store.ts";
import { systemRandom } from "../../../src/random.ts";
import { ALIAS } from "../../../src/services/stepfunctions/keys.ts";
import { MAX_ALIASES } from "../../../src/services/stepfunctions/limits.ts";
import { arnOfVersion, saveMachine } from "../../../src/services/stepfunctions/machines.ts";
import { createStateMachineAlias } from "../../../src/services/stepfunctions/operations/create-state-machine-alias.ts";
import { deleteStateMachineVersion } from "../../../src/services/stepfunctions/operations/delete-state-machine-version.ts";
import { updateStateMachineAlias } from "../../../src/services/stepfunctions/operations/update-state-machine-alias.ts";
import type { MachineRecord } from "../../../src/services/stepfunctions/records.ts";
import { publishVersion } from "../../../src/services/stepfunctions/versions.ts";
import { openPostgresStore } from "../../../src/stores/postgres/store.ts";
import { interruptedStore } from "../../stores/interrupted-store.ts";
import type { InterruptedStore } from "../../stores/interrupted-store.ts";
import { startPostgres } from "../../stores/postgres-server.ts";
import type { PostgresServer } from "../../stores/postgres-server.ts";
import { START_MS } from "./workshop.ts";

const CONTEXT: Context = {
  caller: callerOf("000000000000", "us-east-1"),
  requestId: "request",
  baseUrl: "http://localhost",
  nowMs: START_MS,
  signal: new AbortController().signal,
};

describe("two nodes on one PostgreSQL", () => {
  let server: PostgresServer;
  let interrupted: InterruptedStore;
  let one: Store;
  let two: Store;
  before(async () => {
    server = await startPostgres();
    const open = (): Promise<Store> =>
      openPostgresStore({ url: server.url, log: silentLog, random: systemRandom() });
    interrupted = interruptedStore(await open());
    one = interrupted.store;
    two = await open();
  });
  after(async () => {
    await one.close();
    await two.close();
    await server.remove();
  });

  function call(store: Store, operation: AnyOperation, input: object): Promise<unknown> {
    return store.transact(async (tx) => {
      assert.ok(operation.kind === "transaction");
      return operation.run(CONTEXT, input, tx);
    });
  }

  /** A machine with one version for each revision. */
  async function versions(name: string, revisions: readonly string[]): Promise<string[]> {
    const arns: string[] = [];
    for (const [index, revisionId] of revisions.entries()) {
      const machine: MachineRecord = {
        accountId: "000000000000",
        region: "us-east-1",
        name,
        uid: name,
        type: "STANDARD",
        status: "ACTIVE",
        createdMs: START_MS,
        updatedMs: START_MS,
        revisionId,
        lastVersion: index,
      };
      await one.transact(async (tx) => {
        saveMachine(tx, machine);
        const { version } = await publishVersion(tx, { machine, nowMs: START_MS });
        arns.push(arnOfVersion(machine, version));
      });
    }
    return arns;
  }

  const aliasOf = (stateMachineVersionArn: string, name: string): object => ({
    name,
    routingConfiguration: [{ stateMachineVersionArn, weight: 100 }],
  });

  test("a version is not deleted while an alias is made for it", async () => {
    const [arn = ""] = await versions("made", ["a"]);
    interrupted.interrupt(ALIAS.below(), () =>
      call(two, createStateMachineAlias(), aliasOf(arn, "live")),
    );
    const deleted = call(one, deleteStateMachineVersion(), { stateMachineVersionArn: arn });
    await assert.rejects(deleted, { code: "ConflictException" });
    assert.ok(!interrupted.isWaiting);
  });

  test("a version is not deleted while an alias is turned to it", async () => {
    const [old = "", young = ""] = await versions("turned", ["a", "b"]);
    await call(one, createStateMachineAlias(), aliasOf(old, "live"));
    interrupted.interrupt(ALIAS.below(), () =>
      call(two, updateStateMachineAlias(), {
        ...aliasOf(young, "live"),
        stateMachineAliasArn: old.replace(/:1$/, ":live"),
      }),
    );
    const deleted = call(one, deleteStateMachineVersion(), { stateMachineVersionArn: young });
    await assert.rejects(deleted, { code: "ConflictException" });
    assert.ok(!interrupted.isWaiting);
  });

  test("a machine has no more aliases than it may, when two are made at once", async () => {
    const [arn = ""] = await versions("full", ["a"]);
    for (let index = 1; index < MAX_ALIASES; index += 1)
      await call(one, createStateMachineAlias(), aliasOf(arn, `alias-${index}`));
    const makeLast = (): Promise<unknown> =>
      call(two, createStateMachineAlias(), aliasOf(arn, "last"));
    // First the alias of that name is looked for, then all are listed.
    interrupted.interrupt(ALIAS.below(), async () =>
      interrupted.interrupt(ALIAS.below(), makeLast),
    );
    const made = call(one, createStateMachineAlias(), aliasOf(arn, "late"));
    await assert.rejects(made, { code: "ServiceQuotaExceededException" });
  });
});
