import type { Backlog } from "./backlog.ts";
import { fifoBacklog } from "./fifo-backlog.ts";
import type { QueueRecord } from "./queue.ts";
import { standardBacklog } from "./standard-backlog.ts";

/** How a queue keeps its messages. */
export function backlogKindOf(queue: QueueRecord): Backlog {
  return queue.isFifo ? fifoBacklog : standardBacklog;
}
