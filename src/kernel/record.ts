/** Turns a record into the bytes that a store keeps. Records are JSON: undefined members vanish. */
export function encodeRecord(record: object): Uint8Array {
  return Buffer.from(JSON.stringify(record), "utf8");
}

/** Reads a record back; `Shape` is what the same space's writer put there. */
export function decodeRecord<Shape extends object>(value: Uint8Array): Shape {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return JSON.parse(bytes.toString("utf8")) as Shape;
}

/** The value of keys that say all they mean by being there. */
export const PRESENT: Uint8Array = new Uint8Array(0);
