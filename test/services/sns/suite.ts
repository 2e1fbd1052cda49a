import { describe } from "node:test";
import { topic } from "./fixture.ts";
import type { StorePlace, Topic } from "./fixture.ts";
import { hooks } from "./hooks.ts";
import { queues } from "./queues.ts";

const TOPICS: Readonly<Record<string, Topic>> = { queues, hooks };

/** Every behaviour of SNS, on a store that `open` makes anew and empty for each topic. */
export function snsSuite(name: string, open: () => Promise<StorePlace>): void {
  describe(`SNS on ${name}`, () => {
    for (const [title, tests] of Object.entries(TOPICS)) {
      topic(title, async () => ({ place: await open() }), tests);
    }
  });
}
