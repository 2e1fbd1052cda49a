import { parentPort } from "node:worker_threads";
import { evaluateJsonata } from "../../../../src/services/stepfunctions/language/jsonata.ts";
import { scopeOf } from "./scope.ts";

/*
 * Evaluates what never ends and posts how it ended and how many turns others had meanwhile. It is a thread
 * of its own because the test runner follows every promise, which makes a million steps take long.
 */
let turns = 0;
const counting = setInterval(() => (turns += 1), 0);
let cause: unknown;
try {
  await evaluateJsonata("{% ($f := function($n) { $f($n + 1) }; $f(0)) %}", scopeOf({}), "Output");
} catch (error) {
  cause = error instanceof Error ? error.cause : error;
}
clearInterval(counting);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage({ cause, turns });
