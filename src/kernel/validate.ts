import { LAST_MS } from "./clock.ts";
import { assert, type ServiceError } from "./errors.ts";
import { shortPath } from "./input-path.ts";
import type { InputPath, InputStep } from "./input-path.ts";
import type { Member, Scalar, ServiceModel, StructureShape } from "./model.ts";
import type { Refusals } from "./service.ts";

/**
 * How values of the input stand: `json` has blobs as base64 strings and timestamps as seconds of
 * the epoch; `value` has `Uint8Array` and `Date`, as the SDK's types do.
 */
export type InputFormat = "json" | "value";

/**
 * Checks and reads the input of an operation that the model has. Answers a new object with the
 * members that the model knows; nulls and unknown members are left out, maps have no prototype.
 * Wrong types anywhere are refused before missing members, as AWS parses before it validates.
 * Throws what {@link Refusals} words.
 */
export type InputReader = (operation: string, input: unknown) => Record<string, unknown>;

/** The deepest nesting of lists, maps and structures in an input that is read. */
export const MAX_INPUT_DEPTH = 64;

/** Missing members that one refusal names. */
export const MAX_MISSING = 100;

/** Readers of every operation of `model`; each is compiled when it is first used. */
export function inputReader(
  model: ServiceModel,
  refusals: Refusals,
  format: InputFormat,
): InputReader {
  const compiler = new Compiler(model, refusals, SCALARS[format]);
  const compiled = new Map<string, (input: unknown) => Record<string, unknown>>();
  return (operation, input) => {
    let read = compiled.get(operation);
    if (read === undefined) {
      read = compiler.operation(operation);
      compiled.set(operation, read);
    }
    return read(input);
  };
}

const readersOfValues = new WeakMap<object, InputReader>();

/** Reads input that came in process, as values; what {@link inputReader} does, kept per service. */
export function validate(
  service: { readonly model: ServiceModel; readonly refusals: Refusals },
  operation: string,
  input: unknown,
): Record<string, unknown> {
  let read = readersOfValues.get(service);
  if (read === undefined) {
    read = inputReader(service.model, service.refusals, "value");
    readersOfValues.set(service, read);
  }
  return read(operation, input);
}

/** Where a container stands in the input; paths are put together only when something is refused. */
interface Place {
  readonly kind: "structure" | "list" | "map";
  readonly parent: Place | undefined;
  readonly key: Step;
  readonly depth: number;
}

/** A member's name, an element's index, or a key of a map. */
type Step = string | number;

/** Reads the value at `key` of `parent`; it is neither undefined nor null. */
type Read = (value: unknown, parent: Place | undefined, key: Step) => unknown;

type ReadableScalar = Exclude<Scalar, "unit">;

/** Converts a scalar, or answers undefined when it is of another type. */
type ReadScalar = (value: unknown) => unknown;

interface MemberReader {
  readonly name: string;
  readonly isRequired: boolean;
  readonly read: Read;
}

class Compiler {
  readonly #model: ServiceModel;
  readonly #refusals: Refusals;
  readonly #scalars: ReadonlyMap<string, ReadScalar>;
  readonly #reads = new Map<string, Read>();
  /** Required members that the input being read lacks, if any. Reading is synchronous. */
  #missing: [InputPath, ...InputPath[]] | undefined;

  constructor(
    model: ServiceModel,
    refusals: Refusals,
    scalars: Readonly<Record<ReadableScalar, ReadScalar>>,
  ) {
    this.#model = model;
    this.#refusals = refusals;
    this.#scalars = new Map(Object.entries(scalars));
  }

  operation(name: string): (input: unknown) => Record<string, unknown> {
    assert(Object.hasOwn(this.#model.operations, name), `${name} is an operation of the model`);
    const shape = this.#model.operations[name]?.input;
    const structure = shape === undefined ? { members: {} } : this.#model.structures[shape];
    assert(structure, `the input of ${name} is a structure of the model`);
    const read = this.#structure(structure);
    return (input) => {
      this.#missing = undefined;
      const result = read(input ?? {}, undefined, "");
      if (this.#missing !== undefined) throw this.#refusals.missing(this.#missing, name);
      return result;
    };
  }

  #member(member: Member): Read {
    const known = this.#reads.get(member.shape);
    if (known) return known;
    const scalar = this.#scalars.get(member.shape);
    const read = scalar ? this.#scalar(member.shape, scalar) : this.#lazily(member.shape);
    this.#reads.set(member.shape, read);
    return read;
  }

  /** Compiles a container on its first use, since shapes may contain themselves. */
  #lazily(shape: string): Read {
    let read: Read | undefined;
    return (value, parent, key) => {
      read ??= this.#container(shape);
      return read(value, parent, key);
    };
  }

  #container(shape: string): Read {
    const structure = this.#model.structures[shape];
    if (structure) return this.#structure(structure);
    const list = this.#model.lists[shape];
    if (list) return this.#list(this.#member(list.element));
    const map = this.#model.maps[shape];
    assert(map, `${shape} is a shape of the model`);
    return this.#map(this.#member(map.value));
  }

  #scalar(shape: string, convert: ReadScalar): Read {
    return (value, parent, key) => {
      const converted = convert(value);
      if (converted === undefined) throw this.#wrongType(value, { parent, key, expected: shape });
      return converted;
    };
  }

  #structure(
    shape: StructureShape,
  ): (value: unknown, parent: Place | undefined, key: Step) => Record<string, unknown> {
    const required = new Set(shape.required);
    const members: MemberReader[] = Object.entries(shape.members).map(([name, member]) => ({
      name,
      isRequired: required.has(name),
      read: this.#member(member),
    }));
    const isUnion = shape.union === true;
    return (value, parent, key) => {
      if (!isObject(value)) throw this.#wrongType(value, { parent, key, expected: "structure" });
      const place = this.#enter("structure", parent, key);
      const result: Record<string, unknown> = {};
      let setCount = 0;
      for (const { name, isRequired, read } of members) {
        const given = value[name];
        if (given !== undefined && given !== null) {
          result[name] = read(given, place, name);
          setCount += 1;
        } else if (isRequired) {
          this.#miss(pathOf(place, name));
        }
      }
      if (isUnion && setCount !== 1) {
        throw this.#wrongType(value, { parent, key, expected: "union" });
      }
      return result;
    };
  }

  #list(readElement: Read): Read {
    return (value, parent, key) => {
      if (!Array.isArray(value)) throw this.#wrongType(value, { parent, key, expected: "list" });
      const place = this.#enter("list", parent, key);
      const result: unknown[] = [];
      for (let index = 0; index < value.length; index += 1) {
        const given: unknown = value[index];
        if (given === undefined || given === null) continue;
        result.push(readElement(given, place, index));
      }
      return result;
    };
  }

  #map(readValue: Read): Read {
    return (value, parent, key) => {
      if (!isObject(value)) throw this.#wrongType(value, { parent, key, expected: "map" });
      const place = this.#enter("map", parent, key);
      // Without a prototype no key of a client's choosing finds or sets anything inherited.
      const result: Record<string, unknown> = Object.create(null);
      for (const name of Object.keys(value)) {
        const given = value[name];
        if (given === undefined || given === null) continue;
        result[name] = readValue(given, place, name);
      }
      return result;
    };
  }

  /** The place of a container; the outermost one has the empty key. */
  #enter(kind: Place["kind"], parent: Place | undefined, key: Step): Place {
    const depth = parent === undefined ? 1 : parent.depth + 1;
    if (depth > MAX_INPUT_DEPTH) {
      const path = shortPath(pathOf(parent, key));
      throw this.#refusals.wrongType(path, `at most ${MAX_INPUT_DEPTH} levels`, "deeper nesting");
    }
    return { kind, parent, key, depth };
  }

  #miss(path: InputPath): void {
    if (this.#missing === undefined) this.#missing = [path];
    else if (this.#missing.length < MAX_MISSING) this.#missing.push(path);
  }

  #wrongType(
    value: unknown,
    where: { parent: Place | undefined; key: Step; expected: string },
  ): ServiceError {
    const path = shortPath(pathOf(where.parent, where.key));
    return this.#refusals.wrongType(path, where.expected, typeName(value));
  }
}

function pathOf(parent: Place | undefined, key: Step): InputPath {
  const steps: InputStep[] = [];
  let inner = key;
  for (let place = parent; place !== undefined; place = place.parent) {
    steps.push(stepInto(place.kind, inner));
    inner = place.key;
  }
  return steps.toReversed();
}

function stepInto(kind: Place["kind"], key: Step): InputStep {
  if (typeof key === "number") return { index: key };
  return kind === "map" ? { key } : { member: key };
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The bytes that base64 text stands for, or undefined when it is not padded base64 (RFC 4648, 4). */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  return Buffer.from(text, "base64");
}

function dateOfMs(ms: number): Date | undefined {
  return Math.abs(ms) <= LAST_MS ? new Date(ms) : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function readNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function readBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function readBigInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined;
}

function readBlobOfJson(value: unknown): Uint8Array | undefined {
  return typeof value === "string" ? decodeBase64(value) : undefined;
}

/** Seconds of the epoch, or the RFC 3339 text that models with `date-time` use. */
function readTimestampOfJson(value: unknown): Date | undefined {
  if (typeof value === "number") return dateOfMs(Math.round(value * 1000));
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  return dateOfMs(Date.parse(value));
}

function readTimestamp(value: unknown): Date | undefined {
  return value instanceof Date ? dateOfMs(value.getTime()) : undefined;
}

function readBlob(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function readDocument(value: unknown): unknown {
  return isShallow(value, MAX_INPUT_DEPTH) ? value : undefined;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  return Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

const ALIKE = {
  string: readText,
  number: readNumber,
  boolean: readBoolean,
  bigInteger: readBigInteger,
  bigDecimal: readNumber,
  document: readDocument,
};

const SCALARS: Readonly<Record<InputFormat, Readonly<Record<ReadableScalar, ReadScalar>>>> = {
  json: {
    ...ALIKE,
    blob: readBlobOfJson,
    streamingBlob: readBlobOfJson,
    timestamp: readTimestampOfJson,
  },
  value: { ...ALIKE, blob: readBlob, streamingBlob: readBlob, timestamp: readTimestamp },
};
