/**
 * The plain case of an HTTP/1.1 request head, as RFC 9112 has it. What is merely unusual (chunked,
 * compressed, upgrades) and what is wrong are not told apart here: both are `undefined`, and go to
 * node:http, which is stricter than this file needs to be.
 */
export interface RequestHead {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** What follows the `?`. */
  readonly query: string;
  /** Bytes of the body. */
  readonly contentLength: number;
  /** False when the client asked to close the connection after the answer. */
  readonly keepAlive: boolean;
  /** The whole head as sent, one character per byte, up to and including the last line's CRLF. */
  readonly text: string;
  /** The same in lower case, to find header names in. */
  readonly lowerText: string;
}

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PATCH",
]);

/**
 * Every line is one well-formed header that changes neither the length of the body nor the protocol:
 * no obs-fold, no space before the colon, no bare CR or LF, no control characters (RFC 9112, 5).
 */
const PLAIN_HEADERS =
  /^(?:(?!transfer-encoding:|content-encoding:|expect:|upgrade:|te:|trailer:|http2-settings:|proxy-)[!#$%&'*+\-.^_`|~0-9a-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
const PLAIN_TARGET = /^\/[\x21\x24-\x7e]*$/;
const LENGTH = /^\d{1,9}$/;

/** Parses a head that ends with the CRLF of its last header. */
export function parseHead(text: string): RequestHead | undefined {
  const lineEnd = text.indexOf("\r\n");
  const methodEnd = text.indexOf(" ");
  const targetEnd = lineEnd - " HTTP/1.1".length;
  if (methodEnd === -1 || targetEnd <= methodEnd) return undefined;
  if (!text.startsWith(" HTTP/1.1\r\n", targetEnd)) return undefined;
  const method = text.slice(0, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  if (!METHODS.has(method) || !PLAIN_TARGET.test(target)) return undefined;
  const lowerText = text.toLowerCase();
  if (!PLAIN_HEADERS.test(lowerText.slice(lineEnd + 2))) return undefined;
  if (findOnce(text, lowerText, "\r\nhost:") === undefined) return undefined;
  const contentLength = lengthOf(text, lowerText);
  const keepAlive = keepAliveOf(text, lowerText);
  if (contentLength === undefined || keepAlive === undefined) return undefined;
  const question = target.indexOf("?");
  return {
    method,
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? "" : target.slice(question + 1),
    contentLength,
    keepAlive,
    text,
    lowerText,
  };
}

/** The value of a header by its lower-case name; repeated ones joined with a comma. */
export function headerOf(head: RequestHead, name: string): string | undefined {
  const needle = `\r\n${name}:`;
  let at = head.lowerText.indexOf(needle);
  if (at === -1) return undefined;
  let value = valueAt(head.text, at + needle.length);
  while ((at = head.lowerText.indexOf(needle, at + needle.length)) !== -1) {
    value += `, ${valueAt(head.text, at + needle.length)}`;
  }
  return value;
}

/** Every header in order, names as sent. */
export function headersOf(head: RequestHead): (readonly [string, string])[] {
  const lines = head.text.split("\r\n").slice(1, -1);
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), trimmed(line.slice(colon + 1))];
  });
}

/** The value of a header that must be there exactly once. */
function findOnce(text: string, lowerText: string, needle: string): string | undefined {
  const at = lowerText.indexOf(needle);
  if (at === -1 || lowerText.includes(needle, at + needle.length)) return undefined;
  return valueAt(text, at + needle.length);
}

function lengthOf(text: string, lowerText: string): number | undefined {
  if (!lowerText.includes("\r\ncontent-length:")) return 0;
  const value = findOnce(text, lowerText, "\r\ncontent-length:");
  return value !== undefined && LENGTH.test(value) ? Number(value) : undefined;
}

function keepAliveOf(text: string, lowerText: string): boolean | undefined {
  if (!lowerText.includes("\r\nconnection:")) return true;
  const value = findOnce(text, lowerText, "\r\nconnection:")?.toLowerCase();
  if (value === "keep-alive") return true;
  return value === "close" ? false : undefined;
}

function valueAt(text: string, start: number): string {
  return trimmed(text.slice(start, text.indexOf("\r\n", start)));
}

/** Without the optional white space around a value: spaces and tabs, not what `trim` knows besides. */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
