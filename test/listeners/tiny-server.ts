import { AdjustableClock } from "../../src/kernel/clock.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { startServer } from "../../src/server.ts";
import type { Server, ServerConfig } from "../../src/server.ts";
import { TINY } from "./tiny-service.ts";

/** 2026-01-01T00:00:00Z */
export const START_MS = 1_767_225_600_000;

/** A server with the tiny service, at a time that stands still; stops at the end of the scope. */
export async function tinyServer(
  config: Partial<ServerConfig> = {},
): Promise<Server & AsyncDisposable> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "memory" },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
    clock: new AdjustableClock({ frozenAtMs: START_MS }),
    services: [TINY],
    ...config,
  });
  return { ...server, [Symbol.asyncDispose]: () => server.stop() };
}

/** Calls the tiny service with AWS JSON. */
export async function call(
  server: Server,
  operation: string,
  input: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}> {
  const response = await fetch(server.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `Tiny.${operation}`,
      ...headers,
    },
    body: JSON.stringify(input),
  });
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null) throw new Error("the answer is no object");
  return { status: response.status, body: { ...body }, headers: response.headers };
}

/** An Authorization header whose signature nobody checks. */
export function signedAs(
  accessKeyId: string,
  region: string,
  service = "tiny",
): Record<string, string> {
  const credential = `${accessKeyId}/20260101/${region}/${service}/aws4_request`;
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=ab`,
  };
}
