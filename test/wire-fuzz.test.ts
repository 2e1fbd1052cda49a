import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AdjustableClock } from "../src/kernel/clock.ts";
import type { LogFields } from "../src/kernel/log.ts";
import type { ServiceModel } from "../src/kernel/model.ts";
import { startServer } from "../src/server.ts";
import { model as sns } from "../src/services/sns/model.gen.ts";
import { model as sqs } from "../src/services/sqs/model.gen.ts";
import { model as states } from "../src/services/stepfunctions/model.gen.ts";
import { START_MS } from "./listeners/tiny-server.ts";
import { seeded } from "./seed.ts";

const { seed } = seeded();
const RUNS = 1_500;
const QUEUE = "/000000000000/fuzz";

/** Values that are right for something, and wrong for most. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    "",
    "fuzz",
    "fuzz.fifo",
    "All",
    "0",
    "-1",
    "1e400",
    "\0",
    "\uFFFF",
    "<a>&amp;</a>",
    "../../etc",
    "__proto__",
    "x".repeat(300),
    "arn:aws:sqs:us-east-1:000000000000:fuzz",
    "arn:aws:sns:us-east-1:000000000000:fuzz",
    "arn:aws:states:us-east-1:000000000000:stateMachine:fuzz",
    "AQEB",
    '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}',
    '{"maxReceiveCount":-1}',
    0,
    -1,
    1,
    0.5,
    900,
    2 ** 31,
    2 ** 53,
    1e308,
    true,
    false,
    null,
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.integer(),
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 12 }),
    fc.dictionary(
      fc.constantFrom("Id", "MessageBody", "DataType", "StringValue", "__proto__", "é"),
      tie("value"),
    ),
  ),
})).value;

/** An input of an operation: its members, mostly of a type that the model would take. */
function inputOf(model: ServiceModel, structure: string | undefined): fc.Arbitrary<unknown> {
  const members = Object.entries(model.structures[structure ?? ""]?.members ?? {});
  const guesses = members.map(([name, { shape }]) => [name, guess(model, shape, 3)] as const);
  const input = fc.record(Object.fromEntries(guesses), { requiredKeys: [] });
  return fc.oneof({ weight: 8, arbitrary: input }, { weight: 1, arbitrary: anything });
}

function guess(model: ServiceModel, shape: string, depth: number): fc.Arbitrary<unknown> {
  const list = model.lists[shape];
  const map = model.maps[shape];
  const structure = model.structures[shape];
  let right: fc.Arbitrary<unknown> = scalar;
  if (shape === "number") right = fc.constantFrom<unknown>(-1, 0, 1, 10, 43_200, 2 ** 40, 0.5);
  if (shape === "string" && structure === undefined) {
    right = fc.oneof(
      scalar.filter((value) => typeof value === "string"),
      fc.constantFrom(QUEUE, `http://localhost${QUEUE}`),
    );
  }
  if (depth > 0 && list)
    right = fc.array(guess(model, list.element.shape, depth - 1), { maxLength: 11 });
  if (depth > 0 && map)
    right = fc.dictionary(fc.string({ maxLength: 5 }), guess(model, map.value.shape, depth - 1));
  if (depth > 0 && structure) {
    const members = Object.entries(structure.members).map(
      ([name, member]) => [name, guess(model, member.shape, depth - 1)] as const,
    );
    right = fc.record(Object.fromEntries(members), { requiredKeys: [] });
  }
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything });
}

interface Attack {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  /** How the bytes go out. */
  readonly form: "json" | "query" | "cut" | "bytes";
}

const FORMS = fc.constantFrom<Attack["form"]>("json", "json", "json", "query", "cut", "bytes");

const attack: fc.Arbitrary<Attack> = fc
  .constantFrom(
    ...[sqs, sns, states].flatMap((model) =>
      Object.keys(model.operations).map((name) => ({ model, name })),
    ),
  )
  .chain(({ model, name }) =>
    fc.record({
      service: fc.constant(model.signingName),
      operation: fc.oneof(
        { weight: 20, arbitrary: fc.constant(name) },
        { weight: 1, arbitrary: fc.string() },
      ),
      input: inputOf(model, model.operations[name]?.input),
      form: model.signingName === "sns" ? fc.constant<Attack["form"]>("query") : FORMS,
    }),
  );

const PREFIX: Readonly<Record<string, string>> = {
  sqs: "AmazonSQS",
  sns: "",
  states: "AWSStepFunctions",
};

function requestOf({ service, operation, input, form }: Attack): RequestInit {
  const headers: Record<string, string> = {
    authorization: `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request`,
  };
  if (form === "query") {
    const fields = new URLSearchParams({ Action: operation });
    flatten(input, "", fields);
    return { method: "POST", headers, body: fields };
  }
  headers["content-type"] = "application/x-amz-json-1.0";
  headers["x-amz-target"] = `${PREFIX[service]}.${encodeURIComponent(operation)}`;
  const text = JSON.stringify(input) ?? "";
  if (form === "cut") return { method: "POST", headers, body: text.slice(0, text.length / 2) };
  if (form === "bytes") return { method: "POST", headers, body: Buffer.from(text, "latin1") };
  return { method: "POST", headers, body: text };
}

/** As the Query protocol writes nested input. */
function flatten(value: unknown, path: string, into: URLSearchParams): void {
  if (typeof value !== "object" || value === null) {
    into.append(path === "" ? "Value" : path, String(value));
    return;
  }
  const start = path === "" ? "" : `${path}.`;
  const list = Array.isArray(value);
  for (const [name, member] of Object.entries(value)) {
    flatten(member, list ? `${start}member.${Number(name) + 1}` : start + name, into);
  }
}

test(`no request is answered with a 5xx, and none hangs (seed ${seed})`, async () => {
  const logged: LogFields[] = [];
  const error = (message: string, fields: LogFields = {}): void => {
    logged.push({ message, ...fields });
  };
  const clock = new AdjustableClock({ frozenAtMs: START_MS });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "memory" },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: { debug() {}, info() {}, warn() {}, error },
    clock,
  });
  try {
    const property = fc.asyncProperty(attack, async (attacked) => {
      const sent = fetch(server.url, {
        ...requestOf(attacked),
        signal: AbortSignal.timeout(10_000),
      });
      // A long poll ends with the clock, which stands still otherwise.
      const timer = setInterval(() => void server.clock.advance(20_000), 50);
      const response = await sent.finally(() => clearInterval(timer));
      const text = await response.text();
      assert.ok(
        response.status < 500 || response.status === 501,
        `${response.status} ${text} ${String(logged.at(-1)?.["error"])}`,
      );
      assert.ok(response.headers.get("x-amzn-requestid") ?? response.status === 404);
      assert.doesNotMatch(text, /\.ts:\d+/);
    });
    await fc.assert(property, { seed, numRuns: RUNS });
  } finally {
    await server.stop();
  }
});
