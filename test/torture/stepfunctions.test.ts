import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { tortureTransitions, tortureWorkflows } from "./stepfunctions.ts";

const seed = randomInt(2 ** 31);

test(`a server killed at its transitions goes on with the workflow, each once (seed ${seed})`, async (t) => {
  const acknowledged = await tortureTransitions({ kills: 8, seed });
  t.diagnostic(`${acknowledged} requests acknowledged`);
  assert.ok(acknowledged > 0);
});

test(`workflows survive a server killed at random moments (seed ${seed})`, async (t) => {
  const acknowledged = await tortureWorkflows({ kills: 6, seed });
  t.diagnostic(`${acknowledged} requests acknowledged`);
  assert.ok(acknowledged > 10, "too little work was done to prove anything");
});
