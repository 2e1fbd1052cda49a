import { StoreUnavailable } from "../../kernel/store.ts";
import { ConnectionLost, StatementFailed } from "./driver.ts";
import { LANE_CLOSED } from "./schema.ts";

/** Errors after which the same may well succeed: deadlock, lock timeout, closed lane. */
const TRANSIENT_STATES = new Set(["40001", "40P01", "55P03", LANE_CLOSED]);
/** The server has no room or time: insufficient resources, cancelled, disk or system errors. */
const UNAVAILABLE_STATES = /^(53|54|57|58|XX)/;

/** Whether what failed so may well succeed when it is done again. */
export function isTransient(error: unknown): boolean {
  return error instanceof StatementFailed && TRANSIENT_STATES.has(error.sqlState);
}

/** What a caller is told of an error that nothing more is done about; a bug stays what it is. */
export function toCaller(error: unknown): unknown {
  if (error instanceof ConnectionLost) return new StoreUnavailable(error.message, { cause: error });
  if (!(error instanceof StatementFailed)) return error;
  if (!isTransient(error) && !UNAVAILABLE_STATES.test(error.sqlState)) return error;
  return new StoreUnavailable(`PostgreSQL cannot serve: ${error.message}`, { cause: error });
}
