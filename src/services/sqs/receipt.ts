import { invalidReceipt } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** What a receipt handle says: which receive of which message of which backlog. */
export interface Receipt {
  readonly queueId: string;
  readonly backlog: string;
  /** Message group of a FIFO queue, else empty. */
  readonly group: string;
  /** Position or sequence number of the message. */
  readonly position: string;
  /** Names the receive: only the latest one counts. */
  readonly receive: string;
}

const VERSION = "1";

/** The handle that callers hold: opaque to them, base64. */
export function encodeReceipt({
  backlog,
  group,
  position,
  receive,
}: Omit<Receipt, "queueId">): string {
  const text = `${VERSION}\n${backlog}\n${position}\n${receive}\n${group}`;
  return Buffer.from(text, "utf8").toString("base64");
}

/** Reads a handle. Throws ReceiptHandleIsInvalid for what this server never gave out. */
export function decodeReceipt(handle: string): Receipt {
  const text =
    handle.length > LIMITS.receiptHandleLength
      ? ""
      : Buffer.from(handle, "base64").toString("utf8");
  const [version, backlog, position, receive, group, ...rest] = text.split("\n");
  const queueId = backlog?.split(".", 1)[0];
  const isWhole = version === VERSION && queueId && position && receive && group !== undefined;
  if (
    !isWhole ||
    rest.length > 0 ||
    encodeReceipt({ backlog: backlog ?? "", group, position, receive }) !== handle
  ) {
    throw invalidReceipt(
      `The input receipt handle "${handle.slice(0, 200)}" is not a valid receipt handle.`,
    );
  }
  return { queueId, backlog: backlog ?? "", position, receive, group };
}
