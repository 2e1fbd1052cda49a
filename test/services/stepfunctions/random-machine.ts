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

/** The addresses that a workflow names. */
export interface Places {
  /** Gets its messages. */
  readonly queueUrl: string;
  /** Gets the tokens of its callback tasks, each followed by a space and its state's name. */
  readonly tokenUrl: string;
  /** Does some of its tasks. */
  readonly activityArn: string;
}

/**
 * Makes a random valid workflow: a chain of states, with branches in it. Its input and what each state
 * gives are objects with the member `by`.
 */
export function randomMachine(dice: Dice, places: Places): object {
  return randomGraph({ dice, places, depth: 2, names: { next: 0 } });
}

interface Graph {
  readonly StartAt: string;
  readonly States: States;
}

type States = Record<string, object>;

interface Making {
  readonly dice: Dice;
  readonly places: Places;
  /** How many levels of branches there may be below. */
  readonly depth: number;
  readonly names: { next: number };
}

/** One link of the chain: its name, and the fields that lead on. */
interface Link {
  readonly name: string;
  readonly onward: { readonly Next: string } | { readonly End: true };
}

function randomGraph(making: Making): Graph {
  const { dice, names } = making;
  const count = 2 + dice.below(4);
  const chain = Array.from({ length: count }, () => `S${(names.next += 1)}`);
  const graph: Graph = { StartAt: chain[0] ?? "", States: {} };
  const kinds = making.depth > 0 ? [...FLAT, ...NESTED, ...NESTED] : FLAT;
  for (const [index, name] of chain.entries()) {
    const next = chain[index + 1];
    const onward = next === undefined ? ({ End: true } as const) : { Next: next };
    Object.assign(graph.States, dice.pick(kinds)(making, { name, onward }));
  }
  return graph;
}

type Kind = (making: Making, link: Link) => States;

const SEND = "arn:aws:states:::sqs:sendMessage";
const JSONATA = { QueryLanguage: "JSONata" } as const;

/** States, or a few together, that have no branches. */
const FLAT: readonly Kind[] = [
  pass,
  shape,
  intrinsics,
  variable,
  jsonataVariable,
  wait,
  waitForInput,
  choice,
  jsonataChoice,
  send,
  jsonataSend,
  failing,
  callback,
  activity,
];

/** States with branches. */
const NESTED: readonly Kind[] = [parallel, map, jsonataMap, caught];

function pass(_: Making, { name, onward }: Link): States {
  return { [name]: { Type: "Pass", Parameters: { "was.$": "$.by", by: name }, ...onward } };
}

function shape(_: Making, { name, onward }: Link): States {
  const Output = `{% {"size": $length($string($states.input)), "by": "${name}"} %}`;
  return { [name]: { Type: "Pass", ...JSONATA, Output, ...onward } };
}

function intrinsics({ dice }: Making, { name, onward }: Link): States {
  const Parameters = {
    "sum.$": `States.MathAdd(${dice.below(100)}, ${dice.below(100)})`,
    "text.$": `States.Format('{} after {}', States.Hash('${name}', 'SHA-1'), $.by)`,
    "list.$": "States.ArrayRange(1, 9, 2)",
    by: name,
  };
  return { [name]: { Type: "Pass", Parameters, ...onward } };
}

function variable(_: Making, { name, onward }: Link): States {
  const Assign = { [`v${name}`]: { "from.$": "$.by", at: name } };
  const Parameters = { "seen.$": `$v${name}.from`, by: name };
  return {
    [name]: { Type: "Pass", Assign, Next: `${name}use` },
    [`${name}use`]: { Type: "Pass", Parameters, ...onward },
  };
}

function jsonataVariable(_: Making, { name, onward }: Link): States {
  const Assign = { [`v${name}`]: "{% $states.input.by & '!' %}" };
  const Output = { seen: `{% $uppercase($v${name}) %}`, by: name };
  return {
    [name]: { Type: "Pass", ...JSONATA, Assign, Next: `${name}use` },
    [`${name}use`]: { Type: "Pass", ...JSONATA, Output, ...onward },
  };
}

function wait({ dice }: Making, { name, onward }: Link): States {
  return { [name]: { Type: "Wait", Seconds: 1 + dice.below(4), ...onward } };
}

function waitForInput({ dice }: Making, { name, onward }: Link): States {
  const Result = { by: name, seconds: dice.below(3) };
  const waits = dice.pick([
    { SecondsPath: "$.seconds" },
    { ...JSONATA, Seconds: "{% $states.input.seconds + 1 %}" },
  ]);
  return {
    [name]: { Type: "Pass", Result, Next: `${name}wait` },
    [`${name}wait`]: { Type: "Wait", ...waits, ...onward },
  };
}

function choice({ dice }: Making, { name, onward }: Link): States {
  const [yes, no] = [`${name}yes`, `${name}no`];
  const Or = [
    { Variable: "$.sum", IsPresent: true },
    { Variable: "$.by", StringMatches: `*${dice.below(10)}` },
  ];
  return {
    [name]: { Type: "Choice", Choices: [{ Or, Next: yes }], Default: no },
    [yes]: { Type: "Pass", Result: "yes", ResultPath: "$.chose", ...onward },
    [no]: { Type: "Pass", Result: { by: no }, ...onward },
  };
}

function jsonataChoice({ dice }: Making, { name, onward }: Link): States {
  const [yes, no] = [`${name}yes`, `${name}no`];
  const Condition = `{% $length($string($states.input)) % 2 = ${dice.below(2)} %}`;
  const Assign = { [`v${name}`]: 1 };
  return {
    [name]: {
      Type: "Choice",
      ...JSONATA,
      Choices: [{ Condition, Assign, Next: yes }],
      Default: no,
    },
    [yes]: { Type: "Pass", Parameters: { "taken.$": `$v${name}`, by: yes }, ...onward },
    [no]: { Type: "Pass", Result: { by: no }, ...onward },
  };
}

function send({ places }: Making, { name, onward }: Link): States {
  const Parameters = { QueueUrl: places.queueUrl, MessageBody: name };
  return { [name]: { Type: "Task", Resource: SEND, Parameters, ResultPath: null, ...onward } };
}

function jsonataSend({ places }: Making, { name, onward }: Link): States {
  const Arguments = {
    QueueUrl: places.queueUrl,
    MessageBody: `{% $states.input.by & " at ${name}" %}`,
  };
  const Output = { by: name, sent: "{% $exists($states.result.MessageId) %}" };
  return { [name]: { Type: "Task", ...JSONATA, Resource: SEND, Arguments, Output, ...onward } };
}

/** There is no such function: it fails, is retried, fails again and is caught. */
function failing({ dice }: Making, { name, onward }: Link): States {
  const Retry = [
    {
      ErrorEquals: ["States.TaskFailed"],
      IntervalSeconds: 1,
      MaxAttempts: 1 + dice.below(2),
      BackoffRate: 1 + dice.below(2),
    },
  ];
  const Catch = [{ ErrorEquals: ["States.ALL"], Next: `${name}caught` }];
  const Resource = "arn:aws:states:::lambda:invoke";
  const Parameters = { FunctionName: "none" };
  return {
    [name]: { Type: "Task", Resource, Parameters, Retry, Catch, ...onward },
    [`${name}caught`]: { Type: "Pass", Parameters: { by: name, "error.$": "$.Error" }, ...onward },
  };
}

/** Whoever gets the token may refuse. */
function callback({ places }: Making, { name, onward }: Link): States {
  const Parameters = {
    QueueUrl: places.tokenUrl,
    "MessageBody.$": `States.Format('{} ${name}', $$.Task.Token)`,
  };
  const Catch = [{ ErrorEquals: ["Refused"], ResultPath: "$.refusal", Next: `${name}refused` }];
  const Resource = `${SEND}.waitForTaskToken`;
  return {
    [name]: { Type: "Task", Resource, Parameters, Catch, ...onward },
    [`${name}refused`]: { Type: "Pass", Parameters: { by: name, "was.$": "$" }, ...onward },
  };
}

function activity({ places }: Making, { name, onward }: Link): States {
  const Parameters = { by: name };
  const Retry = [{ ErrorEquals: ["Refused"], IntervalSeconds: 1, MaxAttempts: 1 }];
  const Catch = [{ ErrorEquals: ["Refused"], Next: `${name}refused` }];
  const Resource = places.activityArn;
  return {
    [name]: { Type: "Task", Resource, Parameters, Retry, Catch, ...onward },
    [`${name}refused`]: { Type: "Pass", Result: { by: name }, ...onward },
  };
}

function parallel(making: Making, { name, onward }: Link): States {
  const inner = below(making);
  const Branches = Array.from({ length: 1 + making.dice.below(3) }, () => randomGraph(inner));
  const ResultSelector = { "all.$": "$", by: name };
  return { [name]: { Type: "Parallel", Branches, ResultSelector, ...onward } };
}

function map(making: Making, { name, onward }: Link): States {
  const { dice } = making;
  const items = Array.from({ length: dice.below(4) }, (_, index) => ({ by: `item ${index}` }));
  return {
    [name]: { Type: "Pass", Result: { items }, Next: `${name}map` },
    [`${name}map`]: {
      Type: "Map",
      ItemsPath: "$.items",
      MaxConcurrency: dice.below(3),
      ItemProcessor: randomGraph(below(making)),
      ResultSelector: { "all.$": "$", by: name },
      ...onward,
    },
  };
}

function jsonataMap(making: Making, { name, onward }: Link): States {
  const { dice } = making;
  return {
    [name]: {
      Type: "Map",
      ...JSONATA,
      Items: `{% [1..${1 + dice.below(3)}] %}`,
      ItemSelector: { by: "{% $states.context.Map.Item.Value * 10 %}" },
      MaxConcurrency: 1 + dice.below(2),
      ItemProcessor: randomGraph(below(making)),
      Output: { all: "{% $states.result %}", by: name },
      ...onward,
    },
  };
}

/** A branch that fails at its end, is run once more, and is caught. No other branch is cut short by it. */
function caught(making: Making, { name, onward }: Link): States {
  const { StartAt, States } = randomGraph(below(making));
  const isEnd = (state: object): boolean => "End" in state;
  const branch = Object.entries(States).map(([key, state]) =>
    isEnd(state) ? [key, { ...state, End: undefined, Next: `${name}fail` }] : [key, state],
  );
  const fail = { Type: "Fail", Error: "Broken", CausePath: "$.by" };
  const Branches = [{ StartAt, States: { ...Object.fromEntries(branch), [`${name}fail`]: fail } }];
  const Retry = [{ ErrorEquals: ["Broken"], IntervalSeconds: 2, MaxAttempts: 1 }];
  const Catch = [{ ErrorEquals: ["Broken"], ResultPath: "$.failure", Next: `${name}caught` }];
  return {
    [name]: { Type: "Parallel", Branches, Retry, Catch, ...onward },
    [`${name}caught`]: { Type: "Pass", Parameters: { "was.$": "$.failure", by: name }, ...onward },
  };
}

function below(making: Making): Making {
  return { ...making, depth: making.depth - 1 };
}
