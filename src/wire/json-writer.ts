import type { Member, ServiceModel } from "../kernel/model.ts";

/** Turns a value of the SDK's types into one that `JSON.stringify` writes as AWS does. */
export type ToJson = (value: unknown) => unknown;

/**
 * Makes the writer of a structure: blobs become base64, timestamps seconds of the epoch unless the
 * model says otherwise. Undefined when there are none, so that the value may be written as it is.
 */
export function jsonWriter(model: ServiceModel, structure: string): ToJson | undefined {
  return new WriterCompiler(model).shape({ shape: structure });
}

class WriterCompiler {
  readonly #model: ServiceModel;
  /** Writers by shape; undefined for shapes that need none, and for one that is being looked at. */
  readonly #known = new Map<string, ToJson | undefined>();
  readonly #open = new Set<string>();

  constructor(model: ServiceModel) {
    this.#model = model;
  }

  shape(member: Member): ToJson | undefined {
    const { shape } = member;
    if (shape === "blob" || shape === "streamingBlob") return writeBlob;
    if (shape === "timestamp") return timestampWriter(member);
    if (this.#known.has(shape)) return this.#known.get(shape);
    // A shape that contains itself is written by a writer that is found when it is first needed.
    if (this.#open.has(shape)) return (value) => this.#known.get(shape)?.(value) ?? value;
    this.#open.add(shape);
    const writer = this.#container(shape);
    this.#open.delete(shape);
    this.#known.set(shape, writer);
    return writer;
  }

  #container(shape: string): ToJson | undefined {
    const structure = this.#model.structures[shape];
    if (structure) {
      const writers = Object.entries(structure.members).flatMap(([name, member]) => {
        const writer = this.shape(member);
        return writer ? [[name, writer] as const] : [];
      });
      return writers.length === 0 ? undefined : (value) => writeMembers(value, writers);
    }
    const list = this.#model.lists[shape];
    if (list) {
      const writer = this.shape(list.element);
      return writer && ((value) => (Array.isArray(value) ? value.map(writer) : value));
    }
    const map = this.#model.maps[shape];
    const writer = map && this.shape(map.value);
    return writer && ((value) => writeEntries(value, writer));
  }
}

function writeMembers(value: unknown, writers: readonly (readonly [string, ToJson])[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, writer] of writers) {
    const given = result[name];
    if (given !== undefined && given !== null) result[name] = writer(given);
  }
  return result;
}

function writeEntries(value: unknown, writer: ToJson): unknown {
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, given] of Object.entries(value)) result[name] = writer(given);
  return result;
}

/** A blob as base64; what is not a blob stays as it is. */
export function writeBlob(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
}

function timestampWriter(member: Member): ToJson {
  const format = member.timestampFormat ?? "epoch-seconds";
  return (value) => {
    if (!(value instanceof Date)) return value;
    if (format === "date-time") return value.toISOString();
    return format === "http-date" ? value.toUTCString() : value.getTime() / 1000;
  };
}
