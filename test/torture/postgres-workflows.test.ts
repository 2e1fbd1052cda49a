import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { tortureNodes } from "./postgres-workflows.ts";

const seed = randomInt(2 ** 31);

test(
  `a node that is killed leaves its workflows to the other, each transition once [PostgreSQL] (seed ${seed})`,
  { timeout: 180_000 },
  async (t) => {
    const acknowledged = await tortureNodes({ kills: 3, seed });
    t.diagnostic(`${acknowledged} requests acknowledged`);
    assert.ok(acknowledged > 10, "too little work was done to prove anything");
  },
);
