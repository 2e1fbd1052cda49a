import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seeded } from "../../seed.ts";
import { Dice, randomMachine } from "./random-machine.ts";
import type { Places } from "./random-machine.ts";
import { witnessOf } from "./witness.ts";
import { inMemory, onLmdb, Workshop } from "./workshop.ts";

/** Machines that are tried; more when `MACHINES` says so. */
const MACHINES = Number(process.env["MACHINES"] ?? 10);
/** How often the server is stopped during an execution. */
const INTERRUPTIONS = 8;
/** Seconds of the virtual clock after which an execution that is not over never will be. */
const MOST_SECONDS = 2_000;

let calm: Workshop;
let rough: Workshop;
before(async () => {
  calm = await Workshop.open(await inMemory());
  rough = await Workshop.open(await onLmdb());
});
after(async () => {
  await calm.close();
  await rough.close();
});

/** Something that waits for an answer of the outside: a token, and what its state is called. */
interface Asked {
  readonly taskToken: string;
  readonly name: string;
}

interface Witness {
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly history: readonly string[];
  readonly messages: readonly string[];
}

/** One execution and the outside world that it talks to. */
class Trial {
  readonly #workshop: Workshop;
  readonly #places: Places;
  readonly arn: string;
  /** What was asked, and is not known to be answered. */
  readonly #asked: Asked[] = [];

  static async begin(workshop: Workshop, name: string, seed: number): Promise<Trial> {
    // The queues' addresses hold the server's port, which the workflows must not see.
    const queue = async (QueueName: string): Promise<string> => {
      const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName });
      return QueueUrl.replace(/^http:\/\/[^/]+/, "http://queues");
    };
    const places = {
      queueUrl: await queue(name),
      tokenUrl: await queue(`${name}-tokens`),
      activityArn: (await workshop.sfn.createActivity({ name })).activityArn ?? "",
    };
    const machine = await workshop.machine(randomMachine(new Dice(seed), places));
    return new Trial(workshop, places, await workshop.start(machine, { by: "start" }));
  }

  private constructor(workshop: Workshop, places: Places, arn: string) {
    this.#workshop = workshop;
    this.#places = places;
    this.arn = arn;
  }

  async isOver(): Promise<boolean> {
    return (await this.#workshop.look(this.arn)).status !== "RUNNING";
  }

  /** Lets time pass and answers, until the execution is over or `seconds` have passed. */
  async goOn(seconds: number): Promise<void> {
    for (let second = 0; second < seconds && !(await this.isOver()); second += 1) {
      for (const Body of await this.#receive(this.#places.tokenUrl)) {
        const [taskToken = "", name = ""] = Body.split(" ");
        this.#asked.push({ taskToken, name });
      }
      await this.#takeTasks();
      await this.#answer();
      await this.#workshop.advance(1);
    }
  }

  /** What must be the same however often the server was stopped. */
  async witness(): Promise<Witness> {
    const { status, output, error, cause } = await this.#workshop.look(this.arn);
    const events = await this.#workshop.history(this.arn);
    const history = witnessOf(this.arn, events);
    const messages: string[] = [];
    for (;;) {
      const bodies = await this.#receive(this.#places.queueUrl);
      if (bodies.length === 0) break;
      messages.push(...bodies);
    }
    return { status, output, error, cause, history, messages: messages.sort() };
  }

  async #answer(): Promise<void> {
    for (const asked of this.#asked.splice(0)) {
      const { taskToken, name } = asked;
      try {
        if (name.endsWith("3"))
          await this.#workshop.sfn.sendTaskFailure({ taskToken, error: "Refused" });
        else {
          const output = JSON.stringify({ by: `answer to ${name}` });
          await this.#workshop.sfn.sendTaskSuccess({ taskToken, output });
        }
      } catch (failure) {
        this.#asked.push(asked);
        throw failure;
      }
    }
  }

  /** Takes the activity's tasks that wait for a worker. */
  async #takeTasks(): Promise<void> {
    await this.#workshop.settle();
    const types = await this.#workshop.types(this.arn);
    const count = (type: string): number => types.filter((each) => each === type).length;
    for (let left = count("ActivityScheduled") - count("ActivityStarted"); left > 0; left -= 1) {
      const { activityArn } = this.#places;
      const { taskToken = "", input = "" } = await this.#workshop.sfn.getActivityTask({
        activityArn,
      });
      this.#asked.push({ taskToken, name: String(JSON.parse(input).by) });
    }
  }

  async #receive(url: string): Promise<string[]> {
    const { Messages = [] } = await this.#workshop.sqs.receiveMessage({
      QueueUrl: this.#workshop.server.url + new URL(url).pathname,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 43_200,
    });
    return Messages.map(({ Body = "" }) => Body);
  }
}

const { seed } = seeded();
for (let index = 0; index < MACHINES; index += 1) {
  test(
    `a random machine ends the same however often it is interrupted [seed ${seed + index}]`,
    { timeout: 120_000 },
    async (t) => {
      const name = `random-${index}`;
      const expected = await Trial.begin(calm, name, seed + index);
      await expected.goOn(MOST_SECONDS);
      const dice = new Dice(seed + index + 1000);
      const interrupted = await Trial.begin(rough, name, seed + index);
      for (let count = 0; count < INTERRUPTIONS && !(await interrupted.isOver()); count += 1) {
        if (dice.below(2) === 0) await interrupted.goOn(dice.below(3));
        // Stops in the middle of what this sets off.
        void rough.advance(dice.below(3)).catch(() => {});
        for (let turns = dice.below(12); turns > 0; turns -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        await rough.restart();
      }
      await interrupted.goOn(MOST_SECONDS);
      assert.ok(await interrupted.isOver());
      const witness = await expected.witness();
      t.diagnostic(`${witness.status} after ${witness.history.length} events`);
      assert.deepEqual(await interrupted.witness(), witness);
    },
  );
}
