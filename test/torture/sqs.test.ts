import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../seed.ts";
import { tortureSqs } from "./sqs-torture.ts";

const { seed } = seeded();

test(`25 killed servers of SQS lose nothing acknowledged, and nothing deleted is back (seed ${seed})`, async (t) => {
  const acknowledged = await tortureSqs({ kills: 25, seed });
  t.diagnostic(`${acknowledged} sends and deletes acknowledged`);
  assert.ok(acknowledged > 100, "too little work was done to prove anything");
});
