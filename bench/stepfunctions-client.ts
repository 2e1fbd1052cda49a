import { Connection } from "./connection.ts";
import { createQueue } from "./sqs-client.ts";
import { receiveRequest } from "./sqs-requests.ts";

const ROLE = "arn:aws:iam::000000000000:role/bench";
/** Connections that start executions, and that wait for their ends. */
const STARTERS = 32;
const WAITERS = 2;

/** The bytes of a Step Functions request, as an SDK sends it apart from headers that nobody reads. */
export function statesRequest(url: string, operation: string, input: object): Buffer {
  const body = JSON.stringify(input);
  return Buffer.from(
    `POST / HTTP/1.1\r\nhost: ${new URL(url).host}\r\n` +
      `x-amz-target: AWSStepFunctions.${operation}\r\ncontent-type: application/x-amz-json-1.0\r\n` +
      `authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, ` +
      `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${"0".repeat(64)}\r\n` +
      `x-amz-date: 20260101T000000Z\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The JSON of an answer. */
export function bodyOf(answer: Buffer): Record<string, unknown> {
  const text = answer.toString("utf8");
  return JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
}

/** Makes a state machine over a connection; answers its ARN. */
export async function createMachine(
  connection: Connection,
  url: string,
  machine: { readonly name: string; readonly type: string; readonly definition: object },
): Promise<string> {
  const { name, type, definition } = machine;
  const input = { name, type, roleArn: ROLE, definition: JSON.stringify(definition) };
  const answer = await connection.send(statesRequest(url, "CreateStateMachine", input));
  return String(bodyOf(answer)["stateMachineArn"]);
}

/** A state that says in a queue that its execution comes by. */
export function tell(queueUrl: string): object {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::sqs:sendMessage",
    Parameters: { QueueUrl: queueUrl, "MessageBody.$": "$$.Execution.Name" },
  };
}

interface Flight {
  readonly startedMs: number;
  readonly landed: (tookMs: number) => void;
}

/** Starts executions that tell a queue when they come by, and hears of them. */
export class Airport {
  readonly #url: string;
  readonly #machineArn: string;
  readonly #starters: Connection[] = [];
  readonly #waiters: Connection[] = [];
  readonly #flights = new Map<string, Flight>();
  #names = 0;
  #isOpen = true;

  /** `definition` is made for the address of the queue. */
  static async open(
    url: string,
    name: string,
    definition: (queueUrl: string) => object,
  ): Promise<Airport> {
    const queueUrl = await createQueue(url, name);
    const connection = await Connection.open(url);
    const machine = { name, type: "STANDARD", definition: definition(queueUrl) };
    const arn = await createMachine(connection, url, machine);
    const airport = new Airport(url, arn);
    airport.#starters.push(connection);
    while (airport.#starters.length < STARTERS) {
      airport.#starters.push(await Connection.open(url));
    }
    for (let index = 0; index < WAITERS; index += 1) {
      const waiter = await Connection.open(url);
      airport.#waiters.push(waiter);
      void airport.#wait(waiter, queueUrl);
    }
    return airport;
  }

  private constructor(url: string, machineArn: string) {
    this.#url = url;
    this.#machineArn = machineArn;
  }

  /** Starts an execution; answers how long it took until its message was received. */
  async fly(input: object = {}): Promise<number> {
    this.#names += 1;
    const name = `e${this.#names}`;
    const request = { stateMachineArn: this.#machineArn, name, input: JSON.stringify(input) };
    const connection = await this.#starter();
    const took = new Promise<number>((landed) => {
      this.#flights.set(name, { startedMs: performance.now(), landed });
    });
    await connection.send(statesRequest(this.#url, "StartExecution", request));
    this.#starters.push(connection);
    return took;
  }

  close(): void {
    this.#isOpen = false;
    for (const connection of [...this.#starters, ...this.#waiters]) connection.close();
  }

  async #starter(): Promise<Connection> {
    for (;;) {
      const connection = this.#starters.pop();
      if (connection !== undefined) return connection;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #wait(connection: Connection, queueUrl: string): Promise<void> {
    const input = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 };
    const request = receiveRequest(this.#url, input);
    while (this.#isOpen) {
      const { Messages = [] } = bodyOf(await connection.send(request));
      for (const { Body } of Messages as { readonly Body: string }[]) {
        const flight = this.#flights.get(Body);
        this.#flights.delete(Body);
        flight?.landed(performance.now() - flight.startedMs);
      }
    }
  }
}

/** The middle and the 99th of a hundred. */
export function quantiles(tookMs: readonly number[]): {
  readonly p50Ms: number;
  readonly p99Ms: number;
} {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
