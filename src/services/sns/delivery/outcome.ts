import type { Tx } from "../../../kernel/store.ts";

/** How an attempt ended. */
export type Outcome =
  | {
      readonly kind: "delivered";
      readonly statusCode: number;
      /** What the other side said. */
      readonly response?: string;
      /** What is written when the delivery is done. */
      readonly write?: (tx: Tx) => Promise<void>;
    }
  | {
      readonly kind: "failed";
      /** True when trying again can not help. */
      readonly isPermanent: boolean;
      readonly code: string;
      readonly message: string;
      readonly statusCode?: number;
    };

const TIMEOUT = "Timeout";
/** What undici and the system call it when nobody answers. */
const SILENCE: ReadonlySet<string> = new Set([
  TIMEOUT,
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);

/** An attempt that was not answered in time. */
export function unanswered(): Outcome {
  return failedForNow(TIMEOUT, "The endpoint did not answer in time");
}

/** Whether an attempt was not answered in time. */
export function isSilence(outcome: Outcome): boolean {
  return outcome.kind === "failed" && SILENCE.has(outcome.code);
}

/** An attempt that may do better next time. */
export function failedForNow(code: string, message: string, statusCode?: number): Outcome {
  return {
    kind: "failed",
    isPermanent: false,
    code,
    message,
    ...(statusCode === undefined ? {} : { statusCode }),
  };
}

/** An attempt after which no other is made. */
export function failedForGood(code: string, message: string, statusCode?: number): Outcome {
  return {
    kind: "failed",
    isPermanent: true,
    code,
    message,
    ...(statusCode === undefined ? {} : { statusCode }),
  };
}
