/** A small generator of repeatable chance (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end) | 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

interface Graph {
  readonly StartAt: string;
  readonly States: Record<string, object>;
}

/** Makes a random valid workflow, a chain of states with branches in it. `queueUrl` gets its messages. */
export function randomMachine(dice: Dice, queueUrl: string): object {
  const names = { next: 0 };
  return randomGraph(dice, { queueUrl, depth: 2, names });
}

interface Making {
  readonly queueUrl: string;
  readonly depth: number;
  readonly names: { next: number };
}

function randomGraph(dice: Dice, making: Making): Graph {
  const count = 2 + dice.below(4);
  const chain = Array.from({ length: count }, () => `S${(making.names.next += 1)}`);
  const States: Record<string, object> = {};
  for (const [index, name] of chain.entries()) {
    const next = chain[index + 1];
    Object.assign(States, randomState(dice, making, { name, next }));
  }
  return { StartAt: chain[0] ?? "", States };
}

function randomState(
  dice: Dice,
  making: Making,
  place: { name: string; next: string | undefined },
): Record<string, object> {
  const { name, next } = place;
  const onward = next === undefined ? { End: true } : { Next: next };
  const kinds = ["pass", "pass", "jsonata", "wait", "choice", "send", "failing"];
  if (making.depth > 0) kinds.push("parallel", "parallel", "map", "map");
  const inner = { ...making, depth: making.depth - 1 };
  switch (dice.pick(kinds)) {
    case "pass":
      return { [name]: { Type: "Pass", Parameters: { "was.$": "$", by: name }, ...onward } };
    case "jsonata":
      return {
        [name]: {
          Type: "Pass",
          QueryLanguage: "JSONata",
          Assign: { [`seen${name}`]: name },
          Output: `{% {"size": $length($string($states.input)), "by": "${name}"} %}`,
          ...onward,
        },
      };
    case "wait":
      return { [name]: { Type: "Wait", Seconds: 1 + dice.below(4), ...onward } };
    case "choice": {
      const [yes, no] = [`${name}yes`, `${name}no`];
      return {
        [name]: {
          Type: "Choice",
          Choices: [{ Variable: "$.by", IsPresent: true, Next: yes }],
          Default: no,
        },
        [yes]: { Type: "Pass", Result: "yes", ResultPath: "$.chose", ...onward },
        [no]: { Type: "Pass", Result: { by: "no" }, ...onward },
      };
    }
    case "send":
      return {
        [name]: {
          Type: "Task",
          Resource: "arn:aws:states:::sqs:sendMessage",
          Parameters: { QueueUrl: making.queueUrl, MessageBody: name },
          ResultPath: null,
          ...onward,
        },
      };
    case "failing":
      return {
        [name]: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: {},
          Retry: [
            {
              ErrorEquals: ["States.TaskFailed"],
              IntervalSeconds: 1,
              MaxAttempts: 2,
              BackoffRate: 1,
            },
          ],
          Catch: [{ ErrorEquals: ["States.ALL"], Next: `${name}caught` }],
          ...onward,
        },
        [`${name}caught`]: {
          Type: "Pass",
          Parameters: { by: name, "error.$": "$.Error" },
          ...onward,
        },
      };
    case "parallel": {
      const Branches = Array.from({ length: 1 + dice.below(3) }, () => randomGraph(dice, inner));
      return {
        [name]: {
          Type: "Parallel",
          Branches,
          ResultSelector: { "all.$": "$", by: name },
          ...onward,
        },
      };
    }
    default: {
      const ItemProcessor = randomGraph(dice, inner);
      const items = {
        Type: "Pass",
        Result: { items: Array.from({ length: dice.below(4) }, (_, index) => ({ by: index })) },
        Next: `${name}map`,
      };
      const map = {
        Type: "Map",
        ItemsPath: "$.items",
        MaxConcurrency: dice.below(3),
        ItemProcessor,
        ResultSelector: { "all.$": "$", by: name },
        ...onward,
      };
      return { [name]: items, [`${name}map`]: map };
    }
  }
}
