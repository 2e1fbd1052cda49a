/** What the official SDK writes, we read; what we write, it reads: for every operation there is. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import * as sfn from "@aws-sdk/client-sfn";
import * as sns from "@aws-sdk/client-sns";
import * as sqs from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { ServiceError } from "../../src/kernel/errors.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import { model as snsModel } from "../../src/services/sns/model.gen.ts";
import { model as sqsModel } from "../../src/services/sqs/model.gen.ts";
import { model as sfnModel } from "../../src/services/stepfunctions/model.gen.ts";
import { awsJson1_0 } from "../../src/wire/aws-json.ts";
import { awsQuery } from "../../src/wire/aws-query.ts";
import type { Protocol } from "../../src/wire/protocol.ts";
import { requestOf } from "./http-request.ts";
import { valuesOf } from "./model-values.ts";
import { plainRefusals } from "./refusals.ts";

type Answer = (operation: string, input: Record<string, unknown>) => Record<string, unknown>;

/** An SDK request handler that asks a protocol of ours, without a socket. */
function inProcess(protocol: Protocol, answer: Answer) {
  return {
    // oxlint-disable-next-line typescript/no-explicit-any -- the SDK's own request class
    async handle(sdkRequest: any) {
      const request = requestOf({ ...sdkRequest, query: "" });
      const operation = protocol.operationOf(request);
      assert.ok(operation, "the request names an operation");
      let response;
      try {
        const output = answer(operation, protocol.decode(operation, request));
        response = protocol.encode(operation, output, "request-1");
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        response = protocol.encodeError(error, "request-1");
      }
      return {
        response: {
          statusCode: response.status,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
          ),
          body: Readable.from([Buffer.from(response.body)]),
        },
      };
    },
  };
}

const CONFIG = {
  region: "us-east-1",
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  endpoint: "http://localhost:4566",
  disableHostPrefix: true,
  maxAttempts: 1,
};

interface Setup {
  readonly model: ServiceModel;
  readonly protocol: Protocol;
  // oxlint-disable-next-line typescript/no-explicit-any -- any command of any package
  readonly commands: Record<string, any>;
  // oxlint-disable-next-line typescript/no-explicit-any -- likewise
  readonly client: (answer: Answer) => { send(command: any): Promise<any> };
}

function setup(name: "sqs" | "sqs query" | "sns" | "states"): Setup {
  if (name === "sqs query") {
    // Today's client made to speak what those before November 2023 spoke.
    const protocol = awsQuery(sqsModel, plainRefusals);
    const AwsQueryProtocol = new sns.SNSClient(CONFIG).config.protocol.constructor;
    const { protocolSettings } = new sqs.SQSClient(CONFIG).config;
    return {
      model: sqsModel,
      protocol,
      commands: sqs,
      client: (answer) =>
        new sqs.SQSClient({
          ...CONFIG,
          md5: false,
          useQueueUrlAsEndpoint: false,
          // oxlint-disable-next-line typescript/no-explicit-any -- its type says no more than Function
          protocol: AwsQueryProtocol as any,
          protocolSettings: { ...protocolSettings, xmlNamespace: sqsModel.xmlNamespace ?? "" },
          requestHandler: inProcess(protocol, answer),
        }),
    };
  }
  if (name === "sqs") {
    const protocol = awsJson1_0(sqsModel, plainRefusals);
    return {
      model: sqsModel,
      protocol,
      commands: sqs,
      client: (answer) =>
        new sqs.SQSClient({
          ...CONFIG,
          md5: false,
          useQueueUrlAsEndpoint: false,
          requestHandler: inProcess(protocol, answer),
        }),
    };
  }
  if (name === "sns") {
    const protocol = awsQuery(snsModel, plainRefusals);
    return {
      model: snsModel,
      protocol,
      commands: sns,
      client: (answer) =>
        new sns.SNSClient({ ...CONFIG, requestHandler: inProcess(protocol, answer) }),
    };
  }
  const protocol = awsJson1_0(sfnModel, plainRefusals);
  return {
    model: sfnModel,
    protocol,
    commands: sfn,
    client: (answer) =>
      new sfn.SFNClient({ ...CONFIG, requestHandler: inProcess(protocol, answer) }),
  };
}

/** Plain data: prototypes and byte array classes do not count. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `blob:${Buffer.from(value).toString("hex")}`;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "$metadata");
  return Object.fromEntries(entries.map(([name, inner]) => [name, plain(inner)]));
}

/** In Query both members of ReceiveMessage are called `AttributeName`, so either means both. */
function mergeTwins(...inputs: object[]): void {
  for (const input of inputs) Reflect.deleteProperty(input, "MessageSystemAttributeNames");
  for (const input of inputs) Reflect.deleteProperty(input, "AttributeNames");
}

for (const name of ["sqs", "sqs query", "sns", "states"] as const) {
  const { model, commands, client } = setup(name);
  for (const [operation, shapes] of Object.entries(model.operations)) {
    test(`${name} ${operation} travels unchanged between the SDK and us`, async () => {
      const inputs = shapes.input ? valuesOf(model, shapes.input) : fc.constant({});
      const outputs = shapes.output ? valuesOf(model, shapes.output) : fc.constant({});
      await fc.assert(
        fc.asyncProperty(inputs, outputs, async (input, output) => {
          let received = {};
          const sdk = client((_operation, given) => {
            received = given;
            return { ...output };
          });
          const answer = await sdk.send(new commands[`${operation}Command`](input));
          if (name === "sqs query") mergeTwins(received, input);
          assert.deepEqual(plain(received), plain(input));
          assert.deepEqual(plain(answer), plain(output));
          assert.equal(answer.$metadata.requestId, "request-1");
        }),
        { numRuns: 6 },
      );
    });
  }

  for (const [code, error] of Object.entries(model.errors)) {
    test(`${name} ${code} is thrown by the SDK as its own class`, async () => {
      const sdk = client(() => {
        throw new ServiceError(code, "because <of> & this");
      });
      const [operation, shapes] = Object.entries(model.operations)[0] ?? [];
      const input = fc.sample(valuesOf(model, shapes?.input ?? ""), { numRuns: 1, seed: 1 })[0];
      await assert.rejects(
        sdk.send(new commands[`${operation}Command`](input)),
        // oxlint-disable-next-line typescript/no-explicit-any -- an error class of any package
        (thrown: any) => {
          assert.ok(thrown instanceof commands[code], String(thrown));
          assert.equal(thrown.message, "because <of> & this");
          assert.equal(thrown.$metadata.httpStatusCode, error.status);
          return true;
        },
      );
    });
  }
}
