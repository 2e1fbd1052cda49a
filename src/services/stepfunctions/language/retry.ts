import type { Random } from "../../../kernel/random.ts";
import type { Catcher, Retrier } from "./definition.ts";
import { matchesError } from "./errors.ts";
import { MAX_SECONDS } from "./limits.ts";

/** The index of the first Retrier or Catcher that handles `errorName`, or undefined. */
export function findHandler(
  handlers: readonly (Retrier | Catcher)[],
  errorName: string,
): number | undefined {
  const index = handlers.findIndex((handler) => matchesError(handler.errorEquals, errorName));
  return index === -1 ? undefined : index;
}

/**
 * How long to wait before the next try, in milliseconds, when `retriesDone` (from 0) retries of this
 * Retrier were made; undefined when it allows no more.
 */
export function retryDelayMs(
  retrier: Retrier,
  retriesDone: number,
  random: Random,
): number | undefined {
  if (retriesDone >= retrier.maxAttempts) return undefined;
  const grown = retrier.intervalSeconds * retrier.backoffRate ** retriesDone;
  const seconds = Math.min(grown, retrier.maxDelaySeconds ?? MAX_SECONDS);
  const share = retrier.jitterStrategy === "FULL" ? random.fraction() : 1;
  return Math.round(seconds * share * 1000);
}
