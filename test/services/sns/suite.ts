import { describe } from "node:test";
import { topic } from "./fixture.ts";
import type { StorePlace, Topic } from "./fixture.ts";
import { fifo } from "./fifo.ts";
import { hooks } from "./hooks.ts";
import { phones } from "./phones.ts";
import { queues } from "./queues.ts";
import { subscriptions } from "./subscriptions.ts";
import { topics } from "./topics.ts";

const TOPICS: Readonly<Record<string, Topic>> = {
  topics,
  subscriptions,
  queues,
  hooks,
  fifo,
  phones,
};

/** Every behaviour of SNS, on a store that `open` makes anew and empty for each topic. */
export function snsSuite(name: string, open: () => Promise<StorePlace>): void {
  describe(`SNS on ${name}`, () => {
    for (const [title, tests] of Object.entries(TOPICS)) {
      topic(title, async () => ({ place: await open() }), tests);
    }
  });
}
