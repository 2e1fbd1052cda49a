import { describe } from "node:test";
import { attributes } from "./attributes.ts";
import { topic } from "./fixture.ts";
import type { StorePlace, Topic } from "./fixture.ts";
import { queues } from "./queues.ts";

const TOPICS: Readonly<Record<string, Topic>> = {
  queues,
  attributes,
};

/** Every behaviour of SQS, on a store that `open` makes anew and empty for each topic. */
export function sqsSuite(name: string, open: () => Promise<StorePlace>): void {
  describe(`SQS on ${name}`, () => {
    for (const [title, tests] of Object.entries(TOPICS)) {
      topic(title, async () => ({ place: await open() }), tests);
    }
  });
}
