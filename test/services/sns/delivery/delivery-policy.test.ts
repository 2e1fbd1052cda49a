import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  CUSTOMER_PHASES,
  httpDeliveryPolicy,
  retryDelayMs,
} from "../../../../src/services/sns/delivery/delivery-policy.ts";
import type { RetryPhases } from "../../../../src/services/sns/delivery/delivery-policy.ts";
import { seeded } from "../../../seed.ts";

function delaysOf(phases: RetryPhases): number[] {
  const delays: number[] = [];
  for (let failed = 1; failed <= 1_000; failed += 1) {
    const delayMs = retryDelayMs(phases, failed);
    if (delayMs === undefined) return delays;
    delays.push(delayMs);
  }
  throw new Error("the retries do not end");
}

const phasesArbitrary: fc.Arbitrary<RetryPhases> = fc
  .record({
    least: fc.integer({ min: 1, max: 30 }),
    more: fc.integer({ min: 0, max: 600 }),
    immediate: fc.integer({ min: 0, max: 5 }),
    before: fc.integer({ min: 0, max: 5 }),
    backoff: fc.integer({ min: 0, max: 20 }),
    after: fc.integer({ min: 0, max: 5 }),
    backoffFunction: fc.constantFrom("linear", "arithmetic", "geometric", "exponential"),
  })
  .map(({ least, more, immediate, before, backoff, after, backoffFunction }) => ({
    minDelayTarget: least,
    maxDelayTarget: least + more,
    numRetries: immediate + before + backoff + after,
    numNoDelayRetries: immediate,
    numMinDelayRetries: before,
    numMaxDelayRetries: after,
    backoffFunction,
  }));

test("retries are as many as the policy says, and wait longer and longer between its bounds", () => {
  fc.assert(
    fc.property(phasesArbitrary, (phases) => {
      const delays = delaysOf(phases);
      assert.equal(delays.length, phases.numRetries);
      assert.deepEqual(
        delays,
        delays.toSorted((a, b) => a - b),
      );
      const waits = delays.slice(phases.numNoDelayRetries);
      assert.ok(delays.slice(0, phases.numNoDelayRetries).every((delay) => delay === 0));
      assert.ok(waits.every((delay) => delay >= phases.minDelayTarget * 1_000));
      assert.ok(waits.every((delay) => delay <= phases.maxDelayTarget * 1_000));
    }),
    seeded(500),
  );
});

test("mail and short messages are tried 50 times more, over more than 6 hours", () => {
  const delays = delaysOf(CUSTOMER_PHASES);
  assert.equal(delays.length, 50);
  assert.deepEqual(delays.slice(0, 3), [10_000, 10_000, 10_000]);
  assert.equal(delays.at(-1), 600_000);
  assert.ok(delays.reduce((total, delay) => total + delay, 0) > 6 * 3_600_000);
});

test("what a subscription leaves open is the topic's, and then the default", () => {
  const topic = JSON.stringify({
    http: {
      defaultThrottlePolicy: { maxReceivesPerSecond: 5 },
      defaultRequestPolicy: { headerContentType: "text/xml; charset=utf-8" },
    },
  });
  const own = JSON.stringify({ throttlePolicy: { maxReceivesPerSecond: 7 } });
  const policy = httpDeliveryPolicy(topic, own);
  assert.equal(policy.maxReceivesPerSecond, 7);
  assert.equal(policy.headerContentType, "text/xml; charset=utf-8");
  assert.equal(policy.healthyRetryPolicy.numRetries, 3);
});
