import type { HttpRequest } from "../../src/wire/http.ts";

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A request as a listener would hand it over. */
export function requestOf(parts: RequestParts): HttpRequest {
  const headers = Object.entries(parts.headers ?? {});
  const byName = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const body = parts.body ?? "";
  return {
    method: parts.method ?? "POST",
    path: parts.path ?? "/",
    query: parts.query ?? "",
    header: (name) => byName.get(name),
    headers: () => headers,
    body: typeof body === "string" ? Buffer.from(body, "utf8") : body,
    isLoopback: true,
    signal: new AbortController().signal,
  };
}

/** Reads a request as it goes over the socket: head, empty line, body. */
export function requestOfBytes(text: string): HttpRequest {
  const [head = "", ...bodyParts] = text.split("\n\n");
  const [requestLine = "", ...headerLines] = head.split("\n");
  const [method = "", target = ""] = requestLine.split(" ");
  const [path = "", query = ""] = target.split("?", 2);
  const headers = Object.fromEntries(
    headerLines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  return requestOf({ method, path, query, headers, body: bodyParts.join("\n\n") });
}
