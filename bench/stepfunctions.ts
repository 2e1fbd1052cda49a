import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import type { ServerProcess, Waystation } from "./servers.ts";
import { Airport, createMachine, quantiles, statesRequest, tell } from "./stepfunctions-client.ts";

const STATES = 20;
const PARALLEL = [1, 64, 512];
const EXPRESS_CONNECTIONS = 64;

/** Durable transitions of a workflow of 20 states, and how soon the first one comes. */
export const stepFunctionsStandard: Scenario = {
  name: "stepfunctions-standard",
  run: async (bench) => {
    const waystation = await bench.startWaystation();
    const airport = await Airport.open(waystation.url, "twenty", twentyStates);
    const measures: Measure[] = [];
    for (const parallel of PARALLEL) {
      measures.push(await transitions(bench, waystation, { airport, parallel }));
    }
    airport.close();
    measures.push(await firstTransition(bench, waystation.url));
    await waystation.stop();
    return measures;
  },
};

/** Passes and Choices in turn on a small order, then a message: 20 states. */
function twentyStates(queueUrl: string): object {
  const States: Record<string, object> = {};
  for (let number = 1; number < STATES; number += 1) {
    const Next = `S${number + 1}`;
    States[`S${number}`] =
      number % 5 === 0
        ? {
            Type: "Choice",
            Choices: [{ Variable: "$.step", NumericEquals: number - 1, Next }],
            Default: "S1",
          }
        : { Type: "Pass", Parameters: { step: number, "order.$": "$.order" }, Next };
  }
  return { StartAt: "S1", States: { ...States, [`S${STATES}`]: { ...tell(queueUrl), End: true } } };
}

const ORDER = {
  order: {
    id: "0123456789",
    customer: "c-42",
    lines: [{ sku: "a-1", count: 3 }],
    note: "x".repeat(100),
  },
};

async function transitions(
  bench: Bench,
  server: ServerProcess,
  { airport, parallel }: { readonly airport: Airport; readonly parallel: number },
): Promise<Measure> {
  const startMs = performance.now() + bench.durationMs / 2;
  const endMs = startMs + bench.durationMs;
  const tookMs: number[] = [];
  let flights = 0;
  const costs: Promise<number>[] = [];
  const before = sleep(bench.durationMs / 2).then(() => server.usage());
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (performance.now() < endMs) {
        const took = await airport.fly(ORDER);
        const nowMs = performance.now();
        if (nowMs < startMs || nowMs > endMs) continue;
        tookMs.push(took);
        flights += 1;
      }
      if (costs.length === 0) costs.push(server.usage().then(({ cpuMs }) => cpuMs));
    }),
  );
  const cpuMs = ((await costs[0]) ?? NaN) - (await before).cpuMs;
  const value = (flights * STATES) / ((endMs - startMs) / 1_000);
  return {
    what: `transitions of 20 states, ${parallel} execution${parallel === 1 ? "" : "s"} at once`,
    value,
    unit: "/s",
    ...quantiles(tookMs),
    cpuUs: (cpuMs * 1_000) / (flights * STATES),
    ...(parallel === 64 && { goal: { text: "at least 5,000", isMet: value >= 5_000 } }),
  };
}

/** From sending StartExecution to receiving what the first state sent. */
async function firstTransition(bench: Bench, url: string): Promise<Measure> {
  const airport = await Airport.open(url, "first", (queueUrl) => ({
    StartAt: "Tell",
    States: { Tell: { ...tell(queueUrl), End: true } },
  }));
  const tookMs: number[] = [];
  for (const endMs = performance.now() + bench.durationMs; performance.now() < endMs;) {
    tookMs.push(await airport.fly());
  }
  airport.close();
  const { p50Ms, p99Ms } = quantiles(tookMs.slice(tookMs.length / 10));
  return {
    what: "from StartExecution to a message of the first state",
    value: p50Ms,
    unit: "ms",
    p50Ms,
    p99Ms,
  };
}

/** Express executions of five states that are waited for: how many, and how long at half of that. */
export const stepFunctionsExpress: Scenario = {
  name: "stepfunctions-express",
  run: async (bench) => {
    const [waystation, bare] = await Promise.all([
      bench.startWaystation(),
      bench.startBareServer(),
    ]);
    const { url } = waystation;
    const connections = await openMany(url, EXPRESS_CONNECTIONS);
    const bareConnections = await openMany(bare.url, EXPRESS_CONNECTIONS);
    const [first] = connections;
    if (first === undefined) return [];
    const definition = { StartAt: "S1", States: fiveStates() };
    const machine = { name: "five", type: "EXPRESS", definition };
    const stateMachineArn = await createMachine(first, url, machine);
    const input = JSON.stringify(ORDER);
    const request = statesRequest(url, "StartSyncExecution", { stateMachineArn, input });
    const { durationMs } = bench;
    await hammer(connections, request, { durationMs: durationMs / 2 });
    const before = await waystation.usage();
    const full = await hammer(connections, request, { durationMs });
    const { cpuMs } = await waystation.usage();
    const value = full.length / (durationMs / 1_000);
    const half = { durationMs, perSecond: value / 2 };
    const calm = quantiles(await hammer(connections, request, half));
    // What the machine itself and the pace of the requests make of it.
    const idle = quantiles(await hammer(bareConnections, request, half));
    for (const connection of [...connections, ...bareConnections]) connection.close();
    await Promise.all([waystation.stop(), bare.stop()]);
    return [
      {
        what: "StartSyncExecution of 5 states, 64 connections",
        value,
        unit: "/s",
        ...quantiles(full),
        cpuUs: ((cpuMs - before.cpuMs) * 1_000) / full.length,
        goal: { text: "at least 1,500", isMet: value >= 1_500 },
      },
      {
        what: "StartSyncExecution at half of that load",
        value: value / 2,
        unit: "/s",
        ...calm,
        goal: { text: "p99 under 20 ms", isMet: calm.p99Ms < 20 },
      },
      { what: "bare node:http at that load", value: value / 2, unit: "/s", ...idle },
    ];
  },
};

function openMany(url: string, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(url)));
}

function fiveStates(): object {
  return {
    S1: { Type: "Pass", Parameters: { step: 1, "order.$": "$.order" }, Next: "S2" },
    S2: {
      Type: "Choice",
      Choices: [{ Variable: "$.step", NumericEquals: 1, Next: "S3" }],
      Default: "S5",
    },
    S3: { Type: "Pass", Result: { ok: true }, ResultPath: "$.result", Next: "S4" },
    S4: {
      Type: "Pass",
      Parameters: { "id.$": "States.Format('order {}', $.order.id)" },
      Next: "S5",
    },
    S5: { Type: "Succeed" },
  };
}

/**
 * Sends a request over and over on all connections, or as often as said, whether answers come or not;
 * answers how long each took from when it was to be sent.
 */
async function hammer(
  connections: readonly Connection[],
  request: Buffer,
  { durationMs, perSecond }: { readonly durationMs: number; readonly perSecond?: number },
): Promise<number[]> {
  const startMs = performance.now();
  const tookMs: number[] = [];
  let sent = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (;;) {
        const dueMs =
          perSecond === undefined ? performance.now() : startMs + (sent / perSecond) * 1_000;
        if (dueMs >= startMs + durationMs) return;
        sent += 1;
        const leftMs = dueMs - performance.now();
        if (leftMs > 1) await sleep(leftMs);
        await connection.send(request);
        const nowMs = performance.now();
        if (nowMs < startMs + durationMs) tookMs.push(nowMs - dueMs);
      }
    }),
  );
  return tookMs;
}

/** A Distributed Map whose children do next to nothing. */
export const stepFunctionsMap: Scenario = {
  name: "stepfunctions-map",
  run: async (bench) => {
    const items = bench.isQuick ? 10_000 : 100_000;
    const waystation = await bench.startWaystation();
    const measures: Measure[] = [];
    for (const type of ["EXPRESS", "STANDARD"]) {
      const airport = await Airport.open(waystation.url, `map-${type}`, (queueUrl) =>
        distributedMap({ queueUrl, type, items }),
      );
      const before = await waystation.usage();
      const value = items / ((await airport.fly()) / 1_000);
      const { cpuMs } = await waystation.usage();
      airport.close();
      measures.push({
        what: `items of a Distributed Map over ${items.toLocaleString("en")}, ${type} children`,
        value,
        unit: "/s",
        cpuUs: ((cpuMs - before.cpuMs) * 1_000) / items,
        goal: { text: "at least 2,000", isMet: value >= 2_000 },
      });
    }
    await waystation.stop();
    return measures;
  },
};

function distributedMap(options: {
  readonly queueUrl: string;
  readonly type: string;
  readonly items: number;
}): object {
  const { queueUrl, type, items } = options;
  const ItemProcessor = {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: type },
    StartAt: "Pass",
    // All results together are the state's result, which has to be small.
    States: { Pass: { Type: "Pass", Output: 0, End: true } },
  };
  const Arguments = { QueueUrl: queueUrl, MessageBody: "{% $states.context.Execution.Name %}" };
  return {
    QueryLanguage: "JSONata",
    StartAt: "Map",
    States: {
      Map: { Type: "Map", Items: `{% [1..${items}] %}`, ItemProcessor, Output: {}, Next: "Tell" },
      Tell: { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", Arguments, End: true },
    },
  };
}

const HOUR_S = 3_600;
const START_CONNECTIONS = 64;
/** Growth that a garbage collector's mood explains. */
const SLACK_MB = 150;

/** Many executions that wait: whether they take memory, and how fast they end when their time comes. */
export const stepFunctionsWaiting: Scenario = {
  name: "stepfunctions-waiting",
  run: async (bench) => {
    // A million take half an hour.
    const asked = Number(process.env["WAITING"] ?? NaN);
    const waiting = asked || (bench.isQuick ? 10_000 : 100_000);
    const waystation = await bench.startWaystation();
    const connections = await openMany(waystation.url, START_CONNECTIONS);
    const measures = await wait(waystation, connections, waiting);
    for (const connection of connections) connection.close();
    await waystation.stop();
    return measures;
  },
};

async function wait(
  waystation: Waystation,
  connections: readonly Connection[],
  waiting: number,
): Promise<Measure[]> {
  const { url } = waystation;
  const [first] = connections;
  if (first === undefined) return [];
  const States = { Wait: { Type: "Wait", Seconds: HOUR_S, End: true } };
  const definition = { StartAt: "Wait", States };
  const machine = { name: "wait", type: "STANDARD", definition };
  const stateMachineArn = await createMachine(first, url, machine);
  await first.send(clockRequest(url, "freeze", {}));
  const startAll = async (count: number): Promise<number> => {
    const startMs = performance.now();
    await start(connections, url, { stateMachineArn, count });
    await first.send(clockRequest(url, "advance", { durationMs: 0 }));
    return (count * 1_000) / (performance.now() - startMs);
  };
  const few = Math.round(waiting / 5);
  await startAll(few);
  const earlyMb = (await waystation.ownBytes()) / 1e6;
  const perSecond = await startAll(waiting - few);
  const lateMb = (await waystation.ownBytes()) / 1e6;
  const advanceMs = performance.now();
  await first.send(clockRequest(url, "advance", { durationMs: HOUR_S * 1_000 }));
  const endedPerSecond = (waiting * 1_000) / (performance.now() - advanceMs);
  const filter = { stateMachineArn, statusFilter: "RUNNING" };
  const running = await first.send(statesRequest(url, "ListExecutions", filter));
  if (!running.toString().includes('"executions":[]')) throw new Error("some still wait");
  const [early, late] = [few, waiting].map((count) => count.toLocaleString("en"));
  return [
    { what: "executions that come to wait", value: perSecond, unit: "/s" },
    { what: `memory but for mapped files, ${early} waiting`, value: earlyMb, unit: "MB" },
    {
      what: `memory but for mapped files, ${late} waiting`,
      value: lateMb,
      unit: "MB",
      goal: { text: `grows less than ${SLACK_MB} MB`, isMet: lateMb - earlyMb < SLACK_MB },
    },
    { what: `waits that end, ${late} due at once`, value: endedPerSecond, unit: "/s" },
  ];
}

async function start(
  connections: readonly Connection[],
  url: string,
  { stateMachineArn, count }: { readonly stateMachineArn: string; readonly count: number },
): Promise<void> {
  const request = statesRequest(url, "StartExecution", { stateMachineArn });
  let left = count;
  await Promise.all(
    connections.map(async (connection) => {
      while (left > 0) {
        left -= 1;
        await connection.send(request);
      }
    }),
  );
}

function clockRequest(url: string, move: string, body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `POST /_waystation/clock/${move} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n` +
      `content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}
