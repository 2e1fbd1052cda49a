import type { Response } from "undici";
import { refusedAddress } from "../../../outbound.ts";
import type { Engine } from "../engine.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { HTTP_TASK_MS, MAX_PAYLOAD_BYTES } from "../limits.ts";
import { CONNECTIONS_OPTION, findConnection } from "./connections.ts";
import type { Connection } from "./connections.ts";

/** Thrown when an HTTP task fails, with what Retry and Catch see. */
export class HttpTaskFailed extends Error {
  override readonly name = "HttpTaskFailed";
  readonly failure: Failure;

  constructor(error: string, cause: string) {
    super(cause);
    this.failure = { error, cause };
  }
}

/** A request and its answer, as TestState shows them. */
export interface HttpExchange {
  readonly request: {
    readonly protocol: string;
    readonly method: string;
    readonly url: string;
    readonly headers: string;
    readonly body?: string;
  };
  readonly response: {
    readonly protocol: string;
    readonly statusCode: string;
    readonly statusMessage: string;
    readonly headers: string;
    readonly body: string;
  };
}

/** What HTTP tasks need of the engine. */
export type HttpEngine = Pick<Engine, "outbound" | "settings">;

/** Makes the request of an `http:invoke` task and gives its result. Throws {@link HttpTaskFailed}. */
export async function invokeHttp(
  engine: HttpEngine,
  task: Json,
  options: { readonly signal: AbortSignal; readonly watch?: HttpWatch | undefined },
): Promise<Json> {
  const { url, init } = buildRequest(engine, task);
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(HTTP_TASK_MS)]);
    response = await engine.outbound.fetch(url, { ...init, headers: [...init.headers], signal });
    text = await boundedText(response);
  } catch (error) {
    if (error instanceof HttpTaskFailed) throw error;
    throw new HttpTaskFailed("States.Http.Socket", describe(error));
  }
  const headers = Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]]));
  options.watch?.onExchange(
    exchangeOf(engine, task, {
      response,
      headers,
      text,
      revealSecrets: options.watch.revealSecrets,
    }),
  );
  if (response.status < 200 || response.status > 299) {
    throw new HttpTaskFailed(
      `States.Http.StatusCode.${response.status}`,
      text || response.statusText,
    );
  }
  return {
    Headers: headers,
    ResponseBody: parseBody(response, text),
    StatusCode: response.status,
    StatusText: response.statusText,
  };
}

/** The text of an answer's body, of which no more is taken in than a state may pass on. */
async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw new HttpTaskFailed(
        "States.DataLimitExceeded",
        "The response body exceeds the maximum number of bytes service limit.",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Who wants to see requests and answers, and whether with what connections add. */
export interface HttpWatch {
  readonly revealSecrets: boolean;
  readonly onExchange: (exchange: HttpExchange) => void;
}

function exchangeOf(
  engine: HttpEngine,
  task: Json,
  seen: { response: Response; headers: JsonObject; text: string; revealSecrets: boolean },
): HttpExchange {
  const { response, headers, text, revealSecrets } = seen;
  const { url, init } = buildRequest(engine, revealSecrets ? task : withoutConnection(task));
  return {
    request: {
      protocol: url.protocol.replace(":", ""),
      method: init.method,
      url: url.href,
      headers: JSON.stringify(Object.fromEntries(init.headers)),
      ...(init.body !== undefined && { body: init.body }),
    },
    response: {
      protocol: url.protocol.replace(":", ""),
      statusCode: String(response.status),
      statusMessage: response.statusText,
      headers: JSON.stringify(headers),
      body: text,
    },
  };
}

function withoutConnection(task: Json): Json {
  if (!isJsonObject(task)) return task;
  const { Authentication: _, InvocationConfig: __, ...rest } = task;
  return rest;
}

interface BuiltRequest {
  readonly url: URL;
  readonly init: { readonly method: string; readonly headers: Headers; readonly body?: string };
}

function buildRequest(engine: HttpEngine, task: Json): BuiltRequest {
  if (!isJsonObject(task)) throw refused("The arguments of an HTTP task must be an object.");
  const { ApiEndpoint: endpoint, Method: method } = task;
  if (typeof endpoint !== "string" || typeof method !== "string") {
    throw refused("An HTTP task needs ApiEndpoint and Method.");
  }
  const connection = connectionOf(engine, task);
  const url = parseUrl(endpoint);
  addQuery(url, task["QueryParameters"]);
  addQuery(url, connection.queryParameters);
  const headers = new Headers();
  for (const [name, value] of Object.entries(objectOf(task["Headers"])))
    headers.set(name, textOf(value));
  for (const [name, value] of Object.entries(connection.headers ?? {})) headers.set(name, value);
  if (connection.basic !== undefined) {
    const { username, password } = connection.basic;
    headers.set(
      "authorization",
      `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
    );
  }
  const body = encodeBody(task, { headers, connection });
  return { url, init: { method, headers, ...(body !== undefined && { body }) } };
}

function encodeBody(
  task: JsonObject,
  { headers, connection }: { headers: Headers; connection: Connection },
): string | undefined {
  const given = task["RequestBody"];
  const added = connection.bodyParameters;
  if (given === undefined && added === undefined) return undefined;
  const body: Json =
    isJsonObject(given) || given === undefined ? { ...objectOf(given), ...added } : given;
  const form = objectOf(objectOf(task["Transform"])["RequestEncodingOptions"] ?? {});
  if (objectOf(task["Transform"])["RequestBodyEncoding"] === "URL_ENCODED") {
    if (!headers.has("content-type"))
      headers.set("content-type", "application/x-www-form-urlencoded");
    return encodeForm(objectOf(body), textOf(form["ArrayFormat"] ?? "INDICES"));
  }
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return typeof body === "string" ? body : JSON.stringify(body);
}

function encodeForm(fields: JsonObject, arrayFormat: string): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (!isJsonArray(value)) form.append(name, textOf(value));
    else if (arrayFormat === "COMMAS") form.append(name, value.map(textOf).join(","));
    else {
      for (const [index, element] of value.entries()) {
        const suffix =
          arrayFormat === "INDICES" ? `[${index}]` : arrayFormat === "BRACKETS" ? "[]" : "";
        form.append(name + suffix, textOf(element));
      }
    }
  }
  return form.toString();
}

/** The connection that the task names. Without options there is none, and a task that names one fails. */
function connectionOf(engine: HttpEngine, task: JsonObject): Connection {
  const named =
    objectOf(task["Authentication"])["ConnectionArn"] ??
    objectOf(task["InvocationConfig"])["ConnectionArn"];
  if (typeof named !== "string") return {};
  const found = findConnection(engine.settings, named);
  if (found === undefined)
    throw refused(
      `There is no connection '${named}'; connections are given with the option ${CONNECTIONS_OPTION}.`,
    );
  return found;
}

function parseUrl(endpoint: string): URL {
  try {
    const url = new URL(endpoint);
    if (url.protocol === "https:" || url.protocol === "http:") return url;
  } catch {
    // Falls through to the refusal.
  }
  throw refused(`The ApiEndpoint '${endpoint}' is not a valid URL.`);
}

function addQuery(url: URL, parameters: Json | Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(objectOf(parameters))) {
    for (const each of isJsonArray(value) ? value : [value])
      url.searchParams.append(name, textOf(each));
  }
}

function parseBody(response: Response, text: string): Json {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return text;
  const parsed = parseJson(text);
  return "value" in parsed ? parsed.value : text;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function refused(cause: string): HttpTaskFailed {
  return new HttpTaskFailed("States.Runtime", cause);
}

function describe(error: unknown): string {
  const refused = refusedAddress(error);
  if (refused !== undefined) {
    return `${refused} is an address of instance metadata, which no task may ask`;
  }
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
