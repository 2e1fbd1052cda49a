import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seeded } from "../../seed.ts";
import { Dice, randomMachine } from "./random-machine.ts";
import { Workshop } from "./workshop.ts";

/** Interruptions per execution, and machines that are tried. */
const INTERRUPTIONS = 12;
const MACHINES = 6;

let calm: Workshop;
let rough: Workshop;
before(async () => {
  calm = await Workshop.open();
  rough = await Workshop.open({ store: "lmdb" });
});
after(async () => {
  await calm.close();
  await rough.close();
});

interface Witness {
  readonly status: string;
  readonly output: unknown;
  readonly history: string[];
  readonly messages: string[];
}

/** What of an execution must be the same however often it was interrupted. */
async function witness(workshop: Workshop, arn: string, queueUrl: string): Promise<Witness> {
  const { status, output } = await workshop.look(arn);
  const events = await workshop.history(arn);
  // Branches that have something to do at the same moment take turns in any order: what happened is
  // the same, and each thing once, but not which of the branches came first.
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, index) => index + 1),
  );
  for (const { id = 0, previousEventId = 0 } of events) assert.ok(previousEventId < id);
  const history = events
    .map(({ type, stateEnteredEventDetails, stateExitedEventDetails }) =>
      [
        type,
        stateEnteredEventDetails?.name,
        stateEnteredEventDetails?.input,
        stateExitedEventDetails?.output,
      ].join(" "),
    )
    .sort();
  const messages: string[] = [];
  for (;;) {
    const { Messages } = await workshop.sqs.receiveMessage({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
    });
    if (Messages === undefined) break;
    messages.push(...Messages.map(({ Body = "" }) => Body));
  }
  return { status, output, history, messages: messages.sort() };
}

async function begin(
  workshop: Workshop,
  options: { seed: number; name: string },
): Promise<{ arn: string; queueUrl: string }> {
  const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName: options.name });
  // The queue's address holds the server's port, which the workflows must not see.
  const queueUrl = QueueUrl.replace(/^http:\/\/[^/]+/, "http://queues");
  const machine = await workshop.machine(randomMachine(new Dice(options.seed), queueUrl));
  return { arn: await workshop.start(machine, { by: "start" }), queueUrl: QueueUrl };
}

const { seed } = seeded();
for (let index = 0; index < MACHINES; index += 1) {
  test(
    `a random machine ends the same however often it is interrupted [seed ${seed + index}]`,
    { timeout: 60_000 },
    async () => {
      const name = `random-${index}`;
      const expected = await begin(calm, { seed: seed + index, name });
      await calm.advance(1000);
      const dice = new Dice(seed + index + 1000);
      const interrupted = await begin(rough, { seed: seed + index, name });
      for (let count = 0; count < INTERRUPTIONS; count += 1) {
        void rough.advance(dice.below(3)).catch(() => {});
        for (let turns = dice.below(12); turns > 0; turns -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        await rough.restart();
      }
      await rough.advance(1000);
      const queueUrl = new URL(interrupted.queueUrl).pathname;
      const there = await witness(rough, interrupted.arn, rough.server.url + queueUrl);
      assert.deepEqual(there, await witness(calm, expected.arn, expected.queueUrl));
      assert.notEqual(there.status, "RUNNING");
    },
  );
}
