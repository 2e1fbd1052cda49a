import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SFN } from "@aws-sdk/client-sfn";
import type {
  SFNClientConfig,
  DescribeExecutionOutput,
  HistoryEvent,
  StateMachineType,
  TestStateInput,
  TestStateOutput,
} from "@aws-sdk/client-sfn";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Log } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";
import type { Server, StoreChoice } from "../../../src/server.ts";

/** The time at which every test's clock stands at first. */
export const START_MS: number = Date.UTC(2026, 0, 1);

/** A role that every machine of the tests has. */
export const ROLE: string = "arn:aws:iam::000000000000:role/workflow";

/** Where a workshop's data is kept, made anew and empty. */
export interface StorePlace {
  readonly choice: StoreChoice;
  /** Removes the data, after the server is stopped. */
  readonly remove: () => Promise<void>;
}

/** Data that is gone with the server. */
export async function inMemory(): Promise<StorePlace> {
  return { choice: { kind: "memory" }, remove: async () => {} };
}

/** Data in a temporary folder. */
export async function onLmdb(): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-sfn-"));
  return { choice: { kind: "lmdb", folder }, remove: () => rm(folder, { recursive: true }) };
}

/** Opens a workshop on the store that the tests are for. */
export type OpenWorkshop = (options?: WorkshopOptions) => Promise<Workshop>;

export interface WorkshopOptions {
  readonly options?: Readonly<Record<string, string>>;
  readonly log?: Log;
}

/** A server with a clock that stands still, with clients and shorthands for workflows. */
export class Workshop {
  readonly #place: StorePlace;
  readonly #options: WorkshopOptions;
  #server: Server;
  #clock: AdjustableClock;
  #sfn: SFN;
  #sqs: SQS;
  #names = 0;

  private constructor(place: StorePlace, options: WorkshopOptions, opened: Opened) {
    this.#place = place;
    this.#options = options;
    this.#server = opened.server;
    this.#clock = opened.clock;
    this.#sfn = opened.sfn;
    this.#sqs = opened.sqs;
  }

  static async open(place: StorePlace, options: WorkshopOptions = {}): Promise<Workshop> {
    return new Workshop(place, options, await open(place.choice, options, START_MS));
  }

  get sfn(): SFN {
    return this.#sfn;
  }

  get sqs(): SQS {
    return this.#sqs;
  }

  /** A client of SNS, to be destroyed by whoever asked for it. */
  snsClient(): SNS {
    return new SNS(clientConfig(this.#server.url));
  }

  get server(): Server {
    return this.#server;
  }

  nowMs(): number {
    return this.#clock.now();
  }

  /** Lets the clock run while `run` does. */
  async whileTimePasses<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#clock.resume();
    try {
      return await run();
    } finally {
      this.#clock.freeze();
    }
  }

  /** Moves the clock; whatever becomes due on the way is done. */
  advance(seconds: number): Promise<void> {
    return this.#server.clock.advance(seconds * 1000);
  }

  /** Lets everything that can be done now be done. */
  settle(): Promise<void> {
    return this.#server.clock.advance(0);
  }

  /** Moves the clock by so much at a time until `awaited` is settled: its request may not have come yet. */
  async advanceUntil<Result>(awaited: Promise<Result>, seconds: number): Promise<Result> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    awaited.then(settle, settle);
    while (!isSettled) {
      await this.advance(seconds);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return awaited;
  }

  /** Stops the server in the middle of whatever it does, and starts one on the same data. */
  async restart(): Promise<void> {
    const nowMs = this.nowMs();
    await this.#stop();
    const opened = await open(this.#place.choice, this.#options, nowMs);
    this.#server = opened.server;
    this.#clock = opened.clock;
    this.#sfn = opened.sfn;
    this.#sqs = opened.sqs;
  }

  async close(): Promise<void> {
    await this.#stop();
    await this.#place.remove();
  }

  /** Makes a machine of a definition, or of a states object that starts at its first state. */
  async machine(definition: object, type: StateMachineType = "STANDARD"): Promise<string> {
    this.#names += 1;
    const name = `machine-${this.#names}`;
    const text = JSON.stringify(definition);
    const made = await this.sfn.createStateMachine({ name, definition: text, roleArn: ROLE, type });
    return made.stateMachineArn ?? "";
  }

  async start(stateMachineArn: string, input: unknown = {}): Promise<string> {
    const started = await this.sfn.startExecution({
      stateMachineArn,
      input: JSON.stringify(input),
    });
    return started.executionArn ?? "";
  }

  /** Runs a definition as far as it goes without time passing. */
  async run(definition: object, input: unknown = {}): Promise<Ran> {
    const arn = await this.start(await this.machine(definition), input);
    await this.settle();
    return this.look(arn);
  }

  /** How an execution stands. */
  async look(executionArn: string): Promise<Ran> {
    const described = await this.sfn.describeExecution({ executionArn });
    const output: unknown =
      described.output === undefined ? undefined : JSON.parse(described.output);
    const { status = "", error, cause } = described;
    return { arn: executionArn, status, output, error, cause, described };
  }

  /** The whole history of an execution. */
  async history(executionArn: string): Promise<HistoryEvent[]> {
    const all: HistoryEvent[] = [];
    let page: { nextToken?: string | undefined } = {};
    do {
      const { nextToken } = page;
      const asked = { executionArn, maxResults: 1000, ...(nextToken && { nextToken }) };
      const { events = [], ...rest } = await this.sfn.getExecutionHistory(asked);
      all.push(...events);
      page = rest;
    } while (page.nextToken !== undefined);
    return all;
  }

  /** The types of an execution's events, in order. */
  async types(executionArn: string): Promise<string[]> {
    return (await this.history(executionArn)).map(({ type }) => type ?? "");
  }

  /** Tests one state. */
  async testState(definition: object, options: TestOptions = {}): Promise<Shown> {
    const text = JSON.stringify(definition);
    const { $metadata: _, ...shown } = await this.sfn.testState({ definition: text, ...options });
    return shown;
  }

  async #stop(): Promise<void> {
    this.#sfn.destroy();
    this.#sqs.destroy();
    await this.#server.stop();
  }
}

/** An execution as a test looks at it. */
export interface Ran {
  readonly arn: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly described: DescribeExecutionOutput;
}

/** What a state is tested with. */
export type TestOptions = Omit<TestStateInput, "definition">;

/** What TestState answers. */
export type Shown = Omit<TestStateOutput, "$metadata">;

interface Opened {
  readonly server: Server;
  readonly clock: AdjustableClock;
  readonly sfn: SFN;
  readonly sqs: SQS;
}

async function open(store: StoreChoice, options: WorkshopOptions, nowMs: number): Promise<Opened> {
  const clock = new AdjustableClock({ frozenAtMs: nowMs });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store,
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: options.options ?? {},
    log: options.log ?? silentLog,
    clock,
  });
  const config = clientConfig(server.url);
  return { server, clock, sfn: new SFN(config), sqs: new SQS(config) };
}

function clientConfig(endpoint: string): SFNClientConfig {
  return {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    disableHostPrefix: true,
    maxAttempts: 1,
  };
}
