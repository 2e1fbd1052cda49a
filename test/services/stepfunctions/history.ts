import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { putHistory, readHistory } from "../../../src/services/stepfunctions/history.ts";
import type { HistoryRecord } from "../../../src/services/stepfunctions/interpreter/protocol.ts";
import { seeded } from "../../seed.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** An event whose details are now and then longer than a chunk. */
function eventOf(id: number, characters: number): HistoryRecord {
  const details = { input: "x".repeat(characters) };
  return { id, previous: id - 1, type: "PassStateEntered", atMs: 0, details };
}

/** How histories are kept. */
export function history(open: OpenWorkshop): void {
  let workshop: Workshop;
  let runs = 0;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  test("a history is read whole, page by page, in both directions, however it was committed [GetExecutionHistory]", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(0, 10, 40_000, 70_000), { maxLength: 9 }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (commits, limit, reverse) => {
          const { store } = workshop.server;
          const uid = `uid ${(runs += 1)}`;
          const ids: number[] = [];
          for (const lengths of commits) {
            const events = lengths.map((length, index) => eventOf(ids.length + index + 1, length));
            await store.transact(async (tx) => putHistory(tx, uid, events));
            ids.push(...events.map(({ id }) => id));
          }
          const read: number[] = [];
          for (;;) {
            const range = { after: read.at(-1), reverse, limit };
            const page = await store.read((reader) => readHistory(reader, uid, range));
            if (page.length === 0) break;
            assert.ok(page.length === limit || read.length + page.length === ids.length);
            read.push(...page.map(({ id }) => id));
          }
          assert.deepEqual(read, reverse ? ids.toReversed() : ids);
        },
      ),
      seeded(15),
    );
  });
}
