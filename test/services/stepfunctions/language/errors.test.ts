import assert from "node:assert/strict";
import { test } from "node:test";
import type { Retrier } from "../../../../src/services/stepfunctions/language/definition.ts";
import {
  causeAtState,
  matchesError,
  StatesError,
} from "../../../../src/services/stepfunctions/language/errors.ts";
import {
  findHandler,
  retryDelayMs,
} from "../../../../src/services/stepfunctions/language/retry.ts";
import { parseTimestampMs } from "../../../../src/services/stepfunctions/language/timestamp.ts";
import { scopeOf } from "./scope.ts";

for (const [errorEquals, error, expected] of [
  ["Custom", "Custom", true],
  ["Custom", "Other", false],
  ["States.ALL", "Custom", true],
  ["States.ALL", "States.Timeout", true],
  ["States.ALL", "States.Runtime", false],
  ["States.ALL", "States.DataLimitExceeded", false],
  ["States.DataLimitExceeded", "States.DataLimitExceeded", true],
  ["States.TaskFailed", "Lambda.Unknown", true],
  ["States.TaskFailed", "States.Timeout", false],
  ["States.TaskFailed", "States.Runtime", false],
  ["States.Timeout", "States.HeartbeatTimeout", true],
  ["States.HeartbeatTimeout", "States.Timeout", false],
] as const) {
  test(`${errorEquals} ${expected ? "handles" : "does not handle"} ${error} [ErrorEquals]`, () => {
    assert.equal(matchesError([errorEquals], error), expected);
  });
}

const RETRIER: Retrier = {
  errorEquals: ["E"],
  intervalSeconds: 3,
  maxAttempts: 3,
  backoffRate: 2,
  maxDelaySeconds: undefined,
  jitterStrategy: "NONE",
};

test("the first handler that fits is taken [Retry, Catch]", () => {
  const handlers = [["A"], ["B", "C"], ["States.ALL"]].map((errorEquals) => ({
    ...RETRIER,
    errorEquals,
  }));
  assert.equal(findHandler(handlers, "C"), 1);
  assert.equal(findHandler(handlers, "D"), 2);
  assert.equal(findHandler(handlers.slice(0, 2), "D"), undefined);
});

test("each retry waits longer, up to a bound and a count [Retry]", () => {
  const { random } = scopeOf({});
  const delays = (retrier: Retrier): (number | undefined)[] =>
    [0, 1, 2, 3].map((done) => retryDelayMs(retrier, done, random));
  assert.deepEqual(delays(RETRIER), [3_000, 6_000, 12_000, undefined]);
  assert.deepEqual(delays({ ...RETRIER, maxDelaySeconds: 5 }), [3_000, 5_000, 5_000, undefined]);
  assert.deepEqual(delays({ ...RETRIER, jitterStrategy: "FULL" }), [
    1_500,
    3_000,
    6_000,
    undefined,
  ]);
  assert.equal(retryDelayMs({ ...RETRIER, maxAttempts: 0 }, 0, random), undefined);
  assert.ok(
    Number.isSafeInteger(retryDelayMs({ ...RETRIER, maxAttempts: 99_999_999 }, 5_000, random)),
  );
});

test("a cause tells the state and the event that entered it [history]", () => {
  assert.equal(
    causeAtState("Bad.", "S", 2),
    "An error occurred while executing the state 'S' (entered at the event id #2). Bad.",
  );
});

test("a cause has 32,768 characters at most [limit]", () => {
  const { cause } = new StatesError("States.Runtime", "x".repeat(40_000));
  assert.equal(cause.length, 32_768);
  assert.equal(causeAtState(cause, "S", 2).length, 32_768);
});

test("timestamps are RFC 3339 with capitals [Timestamp]", () => {
  assert.equal(parseTimestampMs("2016-03-14T01:59:00Z"), Date.UTC(2016, 2, 14, 1, 59));
  assert.equal(
    parseTimestampMs("2016-03-14T01:59:00.5-07:30"),
    Date.UTC(2016, 2, 14, 9, 29, 0, 500),
  );
  assert.equal(parseTimestampMs("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
  for (const text of [
    "",
    "2016-03-14",
    "2016-03-14t01:59:00Z",
    "2016-03-14T01:59:00z",
    "2016-03-14T01:59:00",
    "2016-03-14 01:59:00Z",
    "2016-13-14T01:59:00Z",
    "2023-02-29T00:00:00Z",
    "2016-03-14T24:00:00Z",
    "2016-03-14T01:59Z",
    "2016-03-14T01:59:00+0700",
  ]) {
    assert.equal(parseTimestampMs(text), undefined, text);
  }
});
