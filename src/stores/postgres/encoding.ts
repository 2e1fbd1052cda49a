import type { Key } from "../../kernel/tuple.ts";

const BYTEA_OID = 17;
const INT8_OID = 20;
const XID_OID = 28;

/** The bytes of a key. */
export function keyBytes(key: Key): Uint8Array {
  return Buffer.from(key, "latin1");
}

/** The key in a column of text format. */
export function keyFromColumn(column: string | null | undefined): Key {
  return bytesFromColumn(column).toString("latin1") as Key; // its bytes were written by keyBytes
}

/** The bytes in a bytea column of text format: `\x` and hexadecimal digits. */
export function bytesFromColumn(column: string | null | undefined): Buffer {
  return Buffer.from((column ?? "").slice(2), "hex");
}

/** `bytea[]` in PostgreSQL's binary format. */
export function keyArray(keys: readonly Key[]): Uint8Array {
  let size = 20;
  for (const key of keys) size += 4 + key.length;
  const { array, at: start } = arrayHeader(BYTEA_OID, keys.length, size);
  let at = start;
  for (const key of keys) {
    at = array.writeInt32BE(key.length, at);
    at += array.write(key, at, "latin1");
  }
  return array;
}

/** `bytea[]` in PostgreSQL's binary format. */
export function bytesArray(values: readonly Uint8Array[]): Uint8Array {
  let size = 20;
  for (const value of values) size += 4 + value.byteLength;
  const { array, at: start } = arrayHeader(BYTEA_OID, values.length, size);
  let at = start;
  for (const value of values) {
    at = array.writeInt32BE(value.byteLength, at);
    array.set(value, at);
    at += value.byteLength;
  }
  return array;
}

/** `int8[]` in PostgreSQL's binary format. */
export function int8Array(numbers: readonly number[]): Uint8Array {
  const { array, at: start } = arrayHeader(INT8_OID, numbers.length, 20 + 12 * numbers.length);
  let at = start;
  for (const number of numbers) {
    at = array.writeInt32BE(8, at);
    at = array.writeBigInt64BE(BigInt(number), at);
  }
  return array;
}

/** `xid[]` in PostgreSQL's binary format. */
export function xidArray(xids: readonly number[]): Uint8Array {
  const { array, at: start } = arrayHeader(XID_OID, xids.length, 20 + 8 * xids.length);
  let at = start;
  for (const xid of xids) {
    at = array.writeInt32BE(4, at);
    at = array.writeUInt32BE(xid, at);
  }
  return array;
}

function arrayHeader(oid: number, length: number, size: number): { array: Buffer; at: number } {
  const array = Buffer.allocUnsafe(length === 0 ? 12 : size);
  array.writeInt32BE(length === 0 ? 0 : 1, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(oid, 8);
  if (length === 0) return { array, at: 12 };
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return { array, at: 20 };
}
