import type { Engine } from "../engine.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { CONNECTIONS_OPTION, findConnection } from "./connections.ts";
import type { Connection } from "./connections.ts";
import { HttpTaskFailed } from "./http-failure.ts";

/** An `http:invoke` task: its arguments, and where its execution runs. */
export interface HttpTask {
  readonly arguments: Json;
  readonly region: string;
}

/** The request that an HTTP task makes. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** Names as they were written; no two are the same in another case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

/** What an HTTP task sends, and the content type to name where no header does. */
export interface RequestBody {
  readonly text: string;
  readonly contentType: string;
}

/** The methods of "HTTP Task fields" (https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html). */
const METHODS: ReadonlySet<string> = new Set("DELETE GET HEAD OPTIONS PATCH POST PUT".split(" "));

/** The headers that a definition may not set, of the same place. */
const REFUSED_HEADERS: readonly RegExp[] = [
  /^(?:a-im|accept-(?:charset|datetime|encoding)|authorization|cache-control|connection)$/,
  /^(?:content-(?:encoding|md5)|date|expect|forwarded|from|host|http2-settings)$/,
  /^if-(?:match|modified-since|none-match|range|unmodified-since)$/,
  /^(?:max-forwards|origin|pragma|proxy-authorization|referer|server|te|trailer)$/,
  /^(?:transfer-encoding|upgrade|via|warning|x-(?:forwarded|amzn?)-.*)$/,
];

/** The first bytes of an answer, of which a state could not take in more. */
const RANGE = "bytes=0-262144";

/**
 * Merges a task's arguments with its connection, which has the last word. Throws
 * {@link HttpTaskFailed}.
 */
export function httpRequest(engine: Pick<Engine, "settings">, task: HttpTask): HttpRequest {
  const given = objectOf(task.arguments);
  const { ApiEndpoint: endpoint, Method: method } = given;
  if (typeof endpoint !== "string" || typeof method !== "string") {
    throw refused("An HTTP task needs ApiEndpoint and Method.");
  }
  if (!METHODS.has(method)) throw refused(`The Method '${method}' is not supported.`);
  const connection = connectionOf(engine, given);
  const url = parseUrl(endpoint);
  addQuery(url, { ...queryOf(given["QueryParameters"]), ...queryOf(connection.queryParameters) });
  const headers = new HeaderList();
  for (const [name, value] of Object.entries(objectOf(given["Headers"]))) {
    if (REFUSED_HEADERS.some((pattern) => pattern.test(name.toLowerCase()))) {
      throw refused(`The header '${name}' cannot be set by an HTTP task.`);
    }
    headers.set(name, textOf(value));
  }
  if (connection.basic !== undefined) headers.set("Authorization", basic(connection.basic));
  for (const [name, value] of Object.entries(connection.headers ?? {})) headers.set(name, value);
  const encoded = encodeBody(given, connection);
  headers.set("User-Agent", `Amazon|StepFunctions|HttpInvoke|${task.region}`);
  headers.set("Range", RANGE);
  return { url, method, headers: headers.all(), ...(encoded && { body: encoded }) };
}

/** Headers by name, in the order in which they were set. */
class HeaderList {
  readonly #headers = new Map<string, readonly [name: string, value: string]>();

  set(name: string, value: string): void {
    this.#headers.set(name.toLowerCase(), [name, value]);
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#headers.values());
  }
}

function basic({ username, password }: NonNullable<Connection["basic"]>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function encodeBody(
  task: JsonObject,
  { bodyParameters: added = {} }: Connection,
): RequestBody | undefined {
  const given = task["RequestBody"];
  const hasAdded = Object.keys(added).length > 0;
  if (given === undefined && !hasAdded) return undefined;
  if (given !== undefined && !isJsonObject(given) && hasAdded) {
    throw refused("A RequestBody that is no object cannot be merged with the connection's.");
  }
  const body: Json = hasAdded ? { ...objectOf(given), ...added } : (given ?? {});
  const transform = objectOf(task["Transform"]);
  const isForm = transform["RequestBodyEncoding"] === "URL_ENCODED";
  const contentType = isForm
    ? "application/x-www-form-urlencoded"
    : "application/json; charset=UTF-8";
  if (typeof body === "string") return { text: body, contentType };
  if (!isForm) return { text: JSON.stringify(body), contentType };
  const { ArrayFormat: arrayFormat = "INDICES" } = objectOf(transform["RequestEncodingOptions"]);
  const fields = Object.entries(objectOf(body)).flatMap(([name, value]) =>
    formFields(name, value, textOf(arrayFormat)),
  );
  return { text: urlEncoded(fields), contentType };
}

type Field = readonly [name: string, value: string];

/** The fields of a form that a value makes: `metadata[order]`, and arrays in the format that is asked for. */
function formFields(name: string, value: Json, arrayFormat: string): readonly Field[] {
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, part]) =>
      formFields(`${name}[${key}]`, part, arrayFormat),
    );
  }
  if (!isJsonArray(value)) return [[name, textOf(value)]];
  if (arrayFormat === "COMMAS") return [[name, value.map(textOf).join(",")]];
  return value.flatMap((element, index) => {
    const suffix =
      arrayFormat === "INDICES" ? `[${index}]` : arrayFormat === "BRACKETS" ? "[]" : "";
    return formFields(name + suffix, element, arrayFormat);
  });
}

/** Fields with everything percent-encoded, blanks too. */
function urlEncoded(fields: readonly Field[]): string {
  return fields.map((field) => field.map(encodeURIComponent).join("=")).join("&");
}

/** The connection that the task names; a task may name none. */
function connectionOf(engine: Pick<Engine, "settings">, task: JsonObject): Connection {
  const named =
    objectOf(task["Authentication"])["ConnectionArn"] ??
    objectOf(task["InvocationConfig"])["ConnectionArn"];
  if (typeof named !== "string") return {};
  const found = findConnection(engine.settings, named);
  if (found === undefined) {
    throw new HttpTaskFailed(
      "Events.ConnectionResource.ResourceNotFound",
      `There is no connection '${named}'; connections are given with the option ${CONNECTIONS_OPTION}.`,
    );
  }
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

/** Values by name of query parameters, which are an object, a query string, or an array of such. */
function queryOf(parameters: Json | undefined): Record<string, readonly string[]> {
  const query: Record<string, string[]> = {};
  for (const each of isJsonArray(parameters) ? parameters : [parameters]) {
    const pairs =
      typeof each === "string" ? new URLSearchParams(each) : Object.entries(objectOf(each));
    for (const [name, value] of pairs) {
      const values = isJsonArray(value) ? value : [value];
      query[name] = [...(query[name] ?? []), ...values.map(textOf)];
    }
  }
  return query;
}

function addQuery(url: URL, query: Readonly<Record<string, readonly string[]>>): void {
  const fields = Object.entries(query).flatMap(([name, values]) =>
    values.map((value): Field => [name, value]),
  );
  if (fields.length > 0) url.search = `${url.search && `${url.search}&`}${urlEncoded(fields)}`;
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
