/**
 * Keys are tuples in an encoding that keeps order: comparing two encoded keys compares their parts
 * one by one. An encoded key is a string in which every character is one byte (0 to 255), so that
 * JavaScript compares, hashes and joins it natively; `latin1` turns it into bytes and back.
 *
 * After a two-byte space number each part is one of
 *   string   0x02, UTF-8 with 0x00 written as 0x00 0xff, 0x00
 *   number   0x14 + n, n bytes big-endian, n as few as needed (0 is 0x14 alone); whole, not negative
 *   bytes    0x01, escaped like a string, 0x00
 * (a subset of FoundationDB's tuple layer).
 */
export type Key = string & { readonly brand: "Key" };

export type Part = string | number | bigint | Uint8Array;

/** All keys from `from` up to, not including, `to`. */
export interface KeyRange {
  readonly from: Key;
  readonly to: Key;
}

const TYPE_BYTES = "\x01";
const TYPE_STRING = "\x02";
const TYPE_NUMBER_ZERO = 0x14;
const AFTER_ALL_PARTS = "\xff";

// oxlint-disable-next-line no-control-regex -- the range of characters that need no escaping
const PLAIN_ASCII = /^[\x01-\x7f]*$/;

/** The key of `parts` in space number `space`. */
export function encodeKey(space: number, parts: readonly Part[]): Key {
  let key = String.fromCharCode(space >> 8, space & 0xff);
  for (const part of parts) key += encodePart(part);
  return key as Key;
}

/** Every key that begins with `prefix`, itself included. */
export function rangeBelow(prefix: Key): KeyRange {
  return { from: prefix, to: (prefix + AFTER_ALL_PARTS) as Key };
}

/** The keys below `prefix` whose next part is `first` or later and before `end` (where given). */
export function rangeBetween(prefix: Key, first: Part, end?: Part): KeyRange {
  const to = end === undefined ? AFTER_ALL_PARTS : encodePart(end);
  return { from: (prefix + encodePart(first)) as Key, to: (prefix + to) as Key };
}

/** The first key that sorts after `key`. */
export function keyAfter(key: Key): Key {
  return (key + "\x00") as Key;
}

/** The key one part longer. */
export function childKey(prefix: Key, part: Part): Key {
  return (prefix + encodePart(part)) as Key;
}

/** The number of the space a key belongs to. */
export function spaceOf(key: Key): number {
  return (key.charCodeAt(0) << 8) | key.charCodeAt(1);
}

/** The parts of a key, in order; numbers past 2^53 - 1 come back as bigint. */
export function decodeKey(key: Key): Part[] {
  const parts: Part[] = [];
  let at = 2;
  while (at < key.length) {
    const type = key.charCodeAt(at);
    if (type >= TYPE_NUMBER_ZERO) {
      const end = at + 1 + type - TYPE_NUMBER_ZERO;
      parts.push(decodeNumber(key.slice(at + 1, end)));
      at = end;
    } else {
      const end = terminatorAfter(key, at + 1);
      const bytes = Buffer.from(key.slice(at + 1, end).replaceAll("\x00\xff", "\x00"), "latin1");
      parts.push(type === 2 ? bytes.toString("utf8") : new Uint8Array(bytes));
      at = end + 1;
    }
  }
  return parts;
}

function encodePart(part: Part): string {
  if (typeof part === "string") {
    const text = PLAIN_ASCII.test(part) ? part : escape(Buffer.from(part, "utf8"));
    return TYPE_STRING + text + "\x00";
  }
  if (typeof part === "number") return encodeNumber(part);
  if (typeof part === "bigint") return encodeBigint(part);
  return TYPE_BYTES + escape(part) + "\x00";
}

function escape(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.replaceAll("\x00", "\x00\xff");
}

function encodeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`a key holds whole numbers from 0 on, not ${value}`);
  }
  let text = "";
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) {
    text = String.fromCharCode(rest % 256) + text;
  }
  return String.fromCharCode(TYPE_NUMBER_ZERO + text.length) + text;
}

function encodeBigint(value: bigint): string {
  if (value < 0n) throw new RangeError(`a key holds whole numbers from 0 on, not ${value}`);
  if (value <= 0xffff_ffffn) return encodeNumber(Number(value));
  let text = "";
  for (let rest = value; rest > 0n; rest >>= 32n) {
    const low = Number(rest & 0xffff_ffffn);
    text = String.fromCharCode(low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255) + text;
  }
  let leading = 0;
  while (text.charCodeAt(leading) === 0) leading += 1;
  text = text.slice(leading);
  return String.fromCharCode(TYPE_NUMBER_ZERO + text.length) + text;
}

function decodeNumber(text: string): number | bigint {
  let value = 0n;
  for (let at = 0; at < text.length; at += 1) value = (value << 8n) | BigInt(text.charCodeAt(at));
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function terminatorAfter(key: string, from: number): number {
  let at = key.indexOf("\x00", from);
  while (at !== -1 && key.charCodeAt(at + 1) === 0xff) at = key.indexOf("\x00", at + 2);
  if (at === -1) throw new RangeError("a key part without its end");
  return at;
}
