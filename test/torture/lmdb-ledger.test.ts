import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { tortureLmdb } from "./lmdb-ledger.ts";

const seed = randomInt(2 ** 31);

test(`50 killed processes lose nothing acknowledged and leave nothing half done (seed ${seed})`, async (t) => {
  const acknowledged = await tortureLmdb({ kills: 50, seed });
  t.diagnostic(`${acknowledged} transactions acknowledged`);
  assert.ok(acknowledged > 500, "too little work was done to prove anything");
});
