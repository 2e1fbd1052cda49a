import assert from "node:assert/strict";
import { ExecutionAlreadyExists, SFN, TaskDoesNotExist, TaskTimedOut } from "@aws-sdk/client-sfn";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { SQS } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import {
  ANSWER,
  CHILD_DEFINITION,
  INPUT,
  QUEUES,
  SLEEPER_DEFINITION,
  workflow,
} from "./workflow.ts";

const ROLE = "arn:aws:iam::000000000000:role/torture";
const MACHINES = "arn:aws:states:us-east-1:000000000000";

/** What was asked of a server and what it has acknowledged, over all of its lives. */
export class Ledger {
  /** Tokens that were received, and are not known to be answered, with their messages' receipts. */
  readonly tokens: Map<string, string> = new Map();
  /** Names of workflows that were, or may have been, started; acknowledged ones are true. */
  readonly started: Map<string, boolean> = new Map();
  /** Names of sleepers; true once their stop was acknowledged. */
  readonly stopped: Map<string, boolean> = new Map();
  acknowledged = 0;
}

/** One life of a server as its clients see it. What they ask for rejects when it dies. */
export class WorkflowClient {
  readonly #url: string;
  readonly #sfn: SFN;
  readonly #sqs: SQS;
  readonly #ledger: Ledger;

  constructor(url: string, ledger: Ledger) {
    const options = {
      endpoint: url,
      region: "us-east-1",
      credentials: { accessKeyId: "key", secretAccessKey: "secret" },
      maxAttempts: 1,
    };
    this.#url = url;
    this.#sfn = new SFN(options);
    this.#sqs = new SQS(options);
    this.#ledger = ledger;
  }

  close(): void {
    this.#sfn.destroy();
    this.#sqs.destroy();
  }

  /** Stops the clock. */
  freeze(): Promise<void> {
    return this.#moveClock("freeze", {});
  }

  /** Makes queues and machines. What is there already stays. */
  async prepare(): Promise<void> {
    const [effects, tokens] = await Promise.all(
      [QUEUES.effects, QUEUES.tokens].map(async (QueueName) => {
        const { QueueUrl = "" } = await this.#sqs.createQueue({ QueueName });
        // The machine must be the same for every life, whose ports differ.
        return `http://queues${new URL(QueueUrl).pathname}`;
      }),
    );
    const places = {
      effects: effects ?? "",
      tokens: tokens ?? "",
      childArn: `${MACHINES}:stateMachine:child`,
    };
    for (const [name, definition] of [
      ["child", CHILD_DEFINITION],
      ["sleeper", SLEEPER_DEFINITION],
      ["workflow", workflow(places)],
    ] as const) {
      await this.#sfn.createStateMachine({
        name,
        definition: JSON.stringify(definition),
        roleArn: ROLE,
      });
    }
  }

  /** Starts a workflow, perhaps once more: starting is idempotent by name. */
  async start(name: string): Promise<void> {
    if (!this.#ledger.started.has(name)) this.#ledger.started.set(name, false);
    await this.#start("workflow", name);
    this.#ledger.started.set(name, true);
    this.#ledger.acknowledged += 1;
  }

  /** Starts a sleeper and stops it. */
  async startAndStop(name: string): Promise<void> {
    await this.#start("sleeper", name);
    this.#ledger.stopped.set(name, false);
    await this.#sfn.stopExecution({ executionArn: arnOf("sleeper", name), error: "Enough" });
    this.#ledger.stopped.set(name, true);
    this.#ledger.acknowledged += 2;
  }

  advance(durationMs: number): Promise<void> {
    return this.#moveClock("advance", { durationMs });
  }

  /** Takes the tokens that wait in their queue and answers all that are not answered. */
  async answerTokens(): Promise<void> {
    const { tokens } = this.#ledger;
    for (const { Body = "", ReceiptHandle = "" } of await this.#receive(QUEUES.tokens)) {
      tokens.set(Body, ReceiptHandle);
    }
    for (const [taskToken, ReceiptHandle] of tokens) {
      try {
        await this.#sfn.sendTaskSuccess({ taskToken, output: ANSWER });
      } catch (error) {
        // The answer that a killed server gave nobody was taken.
        if (!(error instanceof TaskTimedOut || error instanceof TaskDoesNotExist)) throw error;
      }
      // It would come back before those that nobody has seen yet.
      await this.#sqs.deleteMessage({ QueueUrl: this.#urlOf(QUEUES.tokens), ReceiptHandle });
      tokens.delete(taskToken);
      this.#ledger.acknowledged += 1;
    }
  }

  async status(machine: "workflow" | "sleeper", name: string): Promise<string> {
    const { status = "" } = await this.#sfn.describeExecution({
      executionArn: arnOf(machine, name),
    });
    return status;
  }

  async output(name: string): Promise<unknown> {
    const executionArn = arnOf("workflow", name);
    const { output = "null" } = await this.#sfn.describeExecution({ executionArn });
    return JSON.parse(output);
  }

  async history(name: string): Promise<HistoryEvent[]> {
    const executionArn = arnOf("workflow", name);
    const { events = [] } = await this.#sfn.getExecutionHistory({ executionArn, maxResults: 1000 });
    return events;
  }

  /** All messages of the workflow's effects; takes them. */
  async effects(): Promise<string[]> {
    const bodies: string[] = [];
    for (;;) {
      const received = await this.#receive(QUEUES.effects);
      if (received.length === 0) return bodies;
      bodies.push(...received.map(({ Body = "" }) => Body));
    }
  }

  async #start(machine: string, name: string): Promise<void> {
    try {
      const stateMachineArn = `${MACHINES}:stateMachine:${machine}`;
      await this.#sfn.startExecution({ stateMachineArn, name, input: INPUT });
    } catch (error) {
      // Started by a life that told nobody, and over already.
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  async #receive(queue: string): Promise<Message[]> {
    const request = { QueueUrl: this.#urlOf(queue), MaxNumberOfMessages: 10 };
    const { Messages = [] } = await this.#sqs.receiveMessage(request);
    return Messages;
  }

  #urlOf(queue: string): string {
    return `${this.#url}/000000000000/${queue}`;
  }

  async #moveClock(move: string, body: object): Promise<void> {
    const answer = await fetch(`${this.#url}/_waystation/clock/${move}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    assert.ok(answer.ok, await answer.text());
  }
}

const arnOf = (machine: string, name: string): string => `${MACHINES}:execution:${machine}:${name}`;
