import { ServiceError } from "../../src/kernel/errors.ts";
import { shortPath } from "../../src/kernel/input-path.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import { conversation, transaction } from "../../src/kernel/operation.ts";
import type { Context, Deps } from "../../src/kernel/operation.ts";
import { space } from "../../src/kernel/spaces.ts";
import type { Space } from "../../src/kernel/spaces.ts";
import type { Service } from "../../src/kernel/service.ts";
import type { ServiceEntry } from "../../src/server.ts";

const MODEL: ServiceModel = {
  signingName: "tiny",
  sdkId: "Tiny",
  version: "2020-01-01",
  targetPrefix: "Tiny",
  protocols: ["awsJson1_0", "awsQuery"],
  errorNamespace: "com.example.tiny",
  operations: {
    Echo: { input: "EchoRequest", output: "EchoResult" },
    Keep: { input: "EchoRequest", output: "EchoResult" },
    Wait: { input: "EchoRequest", output: "EchoResult" },
    Fail: { input: "EchoRequest" },
    Break: { input: "EchoRequest" },
    Missing: { input: "EchoRequest" },
  },
  structures: {
    EchoRequest: { members: { Text: { shape: "string" } }, required: ["Text"] },
    EchoResult: {
      members: {
        Text: { shape: "string" },
        AccountId: { shape: "string" },
        Region: { shape: "string" },
        BaseUrl: { shape: "string" },
      },
    },
  },
  lists: {},
  maps: {},
  errors: { Refused: { status: 409, fault: "client" } },
};

const KEPT: Space<[]> = space({
  number: 9_999,
  name: "kept text",
  layout: [],
  value: "text",
  lifetime: "a test",
});

interface Input {
  readonly Text: string;
}

/** A service for tests of what stands around services. */
export function tiny(deps: Deps): Service {
  return {
    model: MODEL,
    operations: {
      Echo: conversation(async (context: Context, { Text }: Input) => ({
        Text,
        AccountId: context.caller.accountId,
        Region: context.caller.region,
        BaseUrl: context.baseUrl,
      })),
      Keep: transaction(async (_context: Context, { Text }: Input, tx) => {
        const before = await tx.get(KEPT.key());
        tx.put(KEPT.key(), Buffer.from(Text));
        return { Text: before === undefined ? "" : Buffer.from(before).toString() };
      }),
      Wait: conversation(async (context: Context, { Text }: Input) => {
        using waiter = deps.waiters.enter(`tiny:${Text}`);
        return { Text: await waiter.woken(context.nowMs + 20_000, context.signal) };
      }),
      Fail: conversation(async () => {
        throw new ServiceError("Refused", "no");
      }),
      Break: conversation(async () => {
        throw new Error("a secret of the program");
      }),
    },
    refusals: {
      missing: ([path]) =>
        new ServiceError("MissingRequiredParameterException", `${shortPath(path)} is missing`),
      wrongType: (path) => new ServiceError("SerializationException", `${path} has a wrong type`),
    },
    work: {
      "tiny.refuse": {
        kind: "timer",
        fire: async () => {
          throw new Error("never");
        },
      },
    },
    maxRequestBytes: 100_000,
    pages: async (request) =>
      request.path === "/hello"
        ? {
            status: 200,
            contentType: "text/plain",
            body: `hello ${request.query.get("who") ?? ""}`,
          }
        : undefined,
  };
}

/** The entry that makes a server answer for {@link tiny}. */
export const TINY: ServiceEntry = {
  signingName: "tiny",
  targetPrefix: "Tiny",
  version: "2020-01-01",
  path: /^\/tiny\/[^/]+$/,
  load: async (deps) => tiny(deps),
};

/** The same with a protocol that nobody has written a codec for. */
export const TINY_REST: ServiceEntry = {
  ...TINY,
  load: async (deps) => {
    const service = tiny(deps);
    return { ...service, model: { ...MODEL, protocols: ["restXml"] } };
  },
};
