import type { HttpRequest } from "./http.ts";

/** Names and values of a query string, decoded; undefined when it is not percent-encoded UTF-8. */
export function parseQuery(query: string): [name: string, value: string][] | undefined {
  const pairs = query.split("&").filter((pair) => pair !== "");
  try {
    return pairs.map((pair) => {
      const equals = pair.indexOf("=");
      const name = equals === -1 ? pair : pair.slice(0, equals);
      const value = equals === -1 ? "" : pair.slice(equals + 1);
      return [decode(name), decode(value)];
    });
  } catch {
    return undefined;
  }
}

/** The path as it is signed: S3's as sent, that of others normalised and encoded once more. */
export function canonicalPath(path: string, service: string): string {
  if (service === "s3") return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encode(segment));
  }
  const end = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${end}`;
}

/** The parameters as they are signed: encoded, then in the order of their code points. */
export function canonicalQuery(parameters: readonly (readonly [string, string])[]): string {
  return parameters
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** The signed headers, one a line: name, colon, value without needless spaces. */
export function canonicalHeaders(request: HttpRequest, names: readonly string[]): string {
  return names
    .map((name) => {
      const value = (request.header(name) ?? "").trim().replaceAll(/\s+/g, " ");
      return `${name}:${value}\n`;
    })
    .join("");
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
