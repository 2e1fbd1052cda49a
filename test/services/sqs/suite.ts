import { describe } from "node:test";
import { attributes } from "./attributes.ts";
import { batches } from "./batches.ts";
import { counts } from "./counts.ts";
import { deadLetters } from "./dead-letters.ts";
import { deduplication } from "./deduplication.ts";
import { fairQueues } from "./fair-queues.ts";
import { fifo } from "./fifo.ts";
import { topic } from "./fixture.ts";
import type { StorePlace, Topic } from "./fixture.ts";
import { longPolling } from "./long-polling.ts";
import { moveTasks } from "./move-tasks.ts";
import { permissions } from "./permissions.ts";
import { purge } from "./purge.ts";
import { queues } from "./queues.ts";
import { receive } from "./receive.ts";
import { retention } from "./retention.ts";
import { send } from "./send.ts";
import { tags } from "./tags.ts";
import { visibility } from "./visibility.ts";

const TOPICS: Readonly<Record<string, Topic>> = {
  queues,
  attributes,
  send,
  receive,
  visibility,
  "long polling": longPolling,
  batches,
  fifo,
  deduplication,
  "fair queues": fairQueues,
  "dead letters": deadLetters,
  "move tasks": moveTasks,
  retention,
  counts,
  permissions,
  tags,
  purge,
};

/** Every behaviour of SQS, on a store that `open` makes anew and empty for each topic. */
export function sqsSuite(name: string, open: () => Promise<StorePlace>): void {
  describe(`SQS on ${name}`, () => {
    for (const [title, tests] of Object.entries(TOPICS)) {
      topic(title, async () => ({ place: await open() }), tests);
    }
  });
}
