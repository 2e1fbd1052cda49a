import type { Dispatcher } from "undici";
import { refusedAddress } from "../../../outbound.ts";
import type { Engine } from "../engine.ts";
import { isJsonObject, parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import { HTTP_TASK_MS, MAX_PAYLOAD_BYTES } from "../limits.ts";
import { HttpTaskFailed } from "./http-failure.ts";
import { httpRequest } from "./http-request.ts";
import type { HttpRequest, HttpTask, RequestBody } from "./http-request.ts";

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
  task: HttpTask,
  options: { readonly signal: AbortSignal; readonly watch?: HttpWatch | undefined },
): Promise<Json> {
  const { url, method, headers: sent, body } = httpRequest(engine, task);
  let answer: Answer;
  let text: string;
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(HTTP_TASK_MS)]);
    answer = await engine.outbound.request(url, {
      method,
      headers: body === undefined ? sent : withContentType(sent, body),
      signal,
      ...(body && { body: body.text }),
    });
    text = await textOf(answer);
  } catch (error) {
    if (error instanceof HttpTaskFailed) throw error;
    throw new HttpTaskFailed("States.Http.Socket", describe(error));
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value = []]) => [name, [value].flat()]),
  );
  options.watch?.onExchange(
    exchangeOf(engine, task, { answer, headers, text, revealSecrets: options.watch.revealSecrets }),
  );
  const { statusCode, statusText } = answer;
  if (statusCode < 200 || statusCode > 299) {
    throw new HttpTaskFailed(`States.Http.StatusCode.${statusCode}`, text || statusText);
  }
  const ResponseBody = parseBody(contentType(answer), text);
  return { Headers: headers, ResponseBody, StatusCode: statusCode, StatusText: statusText };
}

function withContentType(
  headers: HttpRequest["headers"],
  { contentType: given }: RequestBody,
): HttpRequest["headers"] {
  const isNamed = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return isNamed ? headers : { ...headers, "Content-Type": given };
}

type Answer = Pick<Dispatcher.ResponseData, "body" | "headers" | "statusCode" | "statusText">;

function contentType({ headers }: Answer): string {
  return [headers["content-type"] ?? ""].flat().join().toLowerCase();
}

/**
 * The text of an answer: what is none fails the task.
 * https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#unsupported-http-task-responses
 */
async function textOf(answer: Answer): Promise<string> {
  const type = contentType(answer);
  if (/^(?:application\/octet-stream|(?:image|video|audio)\/)/.test(type)) {
    await answer.body.dump();
    throw new HttpTaskFailed("States.Runtime", `The response has the content type '${type}'.`);
  }
  const bytes = await boundedBytes(answer.body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpTaskFailed("States.Runtime", "The response is not a valid string.");
  }
}

/** The bytes of an answer's body, of which no more is taken in than a state may pass on. */
async function boundedBytes(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw new HttpTaskFailed(
        "States.DataLimitExceeded",
        "The response body exceeds the maximum number of bytes service limit.",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Who wants to see requests and answers, and whether with what connections add. */
export interface HttpWatch {
  readonly revealSecrets: boolean;
  readonly onExchange: (exchange: HttpExchange) => void;
}

type HeaderValues = Readonly<Record<string, readonly string[]>>;

/** What is shown has no content type but a given one, as AWS shows it. */
function exchangeOf(
  engine: HttpEngine,
  task: HttpTask,
  seen: { answer: Answer; headers: HeaderValues; text: string; revealSecrets: boolean },
): HttpExchange {
  const { answer, headers, text, revealSecrets } = seen;
  const shown = revealSecrets ? task : withoutConnection(task);
  const { url, method, headers: sent, body } = httpRequest(engine, shown);
  const protocol = url.protocol.replace(":", "");
  return {
    request: {
      protocol,
      method,
      url: url.href,
      headers: headerText(Object.entries(sent)),
      ...(body && { body: body.text }),
    },
    response: {
      protocol,
      statusCode: String(answer.statusCode),
      statusMessage: answer.statusText,
      headers: headerText(
        Object.entries(headers).flatMap(([name, values]) =>
          values.map((value): [string, string] => [name, value]),
        ),
      ),
      body: text,
    },
  };
}

/** Headers as TestState shows them: `[name: value, other: value]`. */
function headerText(headers: readonly (readonly [name: string, value: string])[]): string {
  return `[${headers.map(([name, value]) => `${name}: ${value}`).join(", ")}]`;
}

function withoutConnection(task: HttpTask): HttpTask {
  if (!isJsonObject(task.arguments)) return task;
  const { Authentication: _, InvocationConfig: __, ...rest } = task.arguments;
  return { ...task, arguments: rest };
}

function parseBody(type: string, text: string): Json {
  if (!type.includes("json")) return text;
  const parsed = parseJson(text);
  return "value" in parsed ? parsed.value : text;
}

function describe(error: unknown): string {
  const refused = refusedAddress(error);
  if (refused !== undefined) {
    return `${refused} is an address of instance metadata, which no task may ask`;
  }
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
