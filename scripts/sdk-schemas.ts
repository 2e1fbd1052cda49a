/**
 * Reads the schemas that an official SDK package exports (`SendMessage$`, `QueueDoesNotExist$`, ...)
 * into a {@link ServiceModel}. A schema is a number (a scalar, or a list or map of one), a thunk, or
 * an array that begins with its kind: see `@smithy/core/schema`.
 */
import type {
  ErrorModel,
  ListShape,
  MapShape,
  Member,
  OperationModel,
  ProtocolName,
  Scalar,
  ServiceModel,
  ShapeName,
  StructureShape,
  Traits,
} from "../src/kernel/model.ts";

/** A package to read, with what its schemas lack. */
export interface SdkPackage {
  /** Folder in `src/services`. */
  readonly folder: string;
  readonly packageName: string;
  /** Name of the exported client class. */
  readonly client: string;
  readonly protocols: readonly ProtocolName[];
  readonly xmlNamespace?: string;
  readonly errorNamespace?: string;
  readonly queryPathMember?: string;
  readonly ownQueryFrontEnd?: true;
  /** Members that the schemas require and the endpoint does not, by structure. */
  readonly optional?: Readonly<Record<string, readonly string[]>>;
  /** Laid over the errors of the schemas. */
  readonly errors?: Readonly<Record<string, Partial<ErrorModel>>>;
}

/** What {@link readModel} uses of the package's client. */
interface Client {
  readonly config: {
    readonly serviceId: string;
    readonly defaultSigningName: string;
    readonly protocolSettings: {
      readonly defaultNamespace: string;
      readonly version: string;
      readonly serviceTarget: string;
      readonly xmlNamespace?: string;
    };
  };
}

/** Namespace of what the SDK made up: the class that its errors extend. */
const SYNTHETIC_NAMESPACE = "smithy.ts.sdk.synthetic";

const KIND = {
  simple: 0,
  list: 1,
  map: 2,
  structure: 3,
  error: -3,
  union: 4,
  operation: 9,
} as const;

const LIST_OF = 0b0100_0000;
const MAP_OF = 0b1000_0000;

const SCALARS: Readonly<Record<number, Scalar>> = {
  0: "string",
  1: "number",
  2: "boolean",
  4: "timestamp",
  5: "timestamp",
  6: "timestamp",
  7: "timestamp",
  15: "document",
  17: "bigInteger",
  19: "bigDecimal",
  21: "blob",
  42: "streamingBlob",
};

const TIMESTAMP_FORMATS: Readonly<Record<number, NonNullable<Traits["timestampFormat"]>>> = {
  5: "date-time",
  6: "http-date",
  7: "epoch-seconds",
};

/** Names of the bits when traits are a number, the lowest first. */
const TRAIT_BITS = [
  "httpLabel",
  "idempotent",
  "idempotencyToken",
  "sensitive",
  "httpPayload",
  "httpResponseCode",
  "httpQueryParams",
];

/** Traits that are copied into the model as flags or as they are. */
const FLAG_TRAITS = new Set([
  "httpLabel",
  "idempotencyToken",
  "sensitive",
  "httpPayload",
  "httpResponseCode",
  "httpQueryParams",
  "xmlFlattened",
  "xmlAttribute",
  "hostLabel",
]);
const TEXT_TRAITS = new Set([
  "xmlName",
  "jsonName",
  "httpHeader",
  "httpQuery",
  "httpPrefixHeaders",
  "mediaType",
]);

type Schema = readonly unknown[] | number | string;

/** Reads the whole API that `exported`, a loaded SDK package, describes. */
export function readModel(source: SdkPackage, exported: Record<string, unknown>): ServiceModel {
  const shapes = new Shapes(source.optional);
  const operations: Record<string, OperationModel> = {};
  const errors: Record<string, ErrorModel> = {};
  for (const schema of schemasOf(exported)) {
    const name = String(schema[2]);
    if (schema[0] === KIND.operation) operations[name] = operationOf(schema, shapes);
    if (schema[0] === KIND.error && !String(schema[1]).startsWith(SYNTHETIC_NAMESPACE)) {
      errors[name] = { ...errorOf(schema, shapes), ...source.errors?.[name] };
    }
  }
  const { config } = clientOf(source, exported);
  const xmlNamespace = source.xmlNamespace ?? config.protocolSettings.xmlNamespace;
  const speaksJson = source.protocols.some((protocol) => protocol.startsWith("awsJson"));
  const speaksXml = source.protocols.some((protocol) => /Query|Xml/.test(protocol));
  return {
    signingName: config.defaultSigningName,
    sdkId: config.serviceId,
    version: config.protocolSettings.version,
    ...(speaksJson && { targetPrefix: config.protocolSettings.serviceTarget }),
    protocols: source.protocols,
    ...(speaksXml && xmlNamespace !== undefined && { xmlNamespace }),
    errorNamespace: source.errorNamespace ?? config.protocolSettings.defaultNamespace,
    ...(source.queryPathMember !== undefined && { queryPathMember: source.queryPathMember }),
    ...(source.ownQueryFrontEnd && { ownQueryFrontEnd: source.ownQueryFrontEnd }),
    operations: sorted(operations),
    structures: sorted(shapes.structures),
    lists: sorted(shapes.lists),
    maps: sorted(shapes.maps),
    errors: sorted(errors),
  };
}

function schemasOf(exported: Record<string, unknown>): (readonly unknown[])[] {
  return Object.entries(exported).flatMap(([name, value]) =>
    name.endsWith("$") && Array.isArray(value) ? [value] : [],
  );
}

function clientOf(source: SdkPackage, exported: Record<string, unknown>): Client {
  // The package's types are not known here: which one it is, is data.
  const Constructor = exported[source.client] as new (config: object) => Client;
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  return new Constructor({ region: "us-east-1", credentials });
}

function operationOf(schema: readonly unknown[], shapes: Shapes): OperationModel {
  const traits = rawTraits(schema[3]);
  const input = shapes.member(schema[4]).shape;
  const output = shapes.member(schema[5]).shape;
  const http = traits["http"];
  const endpoint = traits["endpoint"];
  return {
    ...(input !== "unit" && { input }),
    ...(output !== "unit" && { output }),
    ...(Array.isArray(http) && {
      http: { method: String(http[0]), path: String(http[1]), status: Number(http[2]) },
    }),
    ...(Array.isArray(endpoint) && { hostPrefix: String(endpoint[0]) }),
  };
}

function errorOf(schema: readonly unknown[], shapes: Shapes): ErrorModel {
  const traits = rawTraits(schema[3]);
  const fault = traits["error"] === "server" ? "server" : "client";
  const query = traits["awsQueryError"];
  const members = Object.entries(shapes.structure(schema).members).filter(
    ([name]) => name.toLowerCase() !== "message",
  );
  return {
    status: Number(traits["httpError"] ?? (fault === "server" ? 500 : 400)),
    fault,
    ...(Array.isArray(query) && { queryCode: String(query[0]) }),
    ...(members.length > 0 && { members: Object.fromEntries(members) }),
  };
}

/** Collects every shape that is reached, by name. */
class Shapes {
  readonly structures: Record<string, StructureShape> = {};
  readonly lists: Record<string, ListShape> = {};
  readonly maps: Record<string, MapShape> = {};
  readonly #seen = new Set<string>();
  readonly #optional: NonNullable<SdkPackage["optional"]>;

  constructor(optional: SdkPackage["optional"] = {}) {
    this.#optional = optional;
  }

  /** A reference: a schema, or a pair of a schema and the member's traits. */
  member(reference: unknown): Member {
    const schema = resolve(reference);
    if (typeof schema === "number") return { shape: this.#scalar(schema), ...formatOf(schema) };
    if (typeof schema === "string") return { shape: schema };
    if (schema.length === 2) {
      return { ...this.member(schema[0]), ...traitsOf(schema[1]) };
    }
    if (schema[0] === KIND.simple) return { ...this.member(schema[4]), ...traitsOf(schema[3]) };
    return { shape: this.#named(schema) };
  }

  structure(schema: readonly unknown[]): StructureShape {
    const names = listOf(schema[4]).map(String);
    const references = listOf(schema[5]);
    const members = names.map((name, index) => [name, this.member(references[index])] as const);
    const optional = this.#optional[String(schema[2])] ?? [];
    const required = names
      .slice(0, Number(schema[6] ?? 0))
      .filter((name) => !optional.includes(name));
    return {
      members: Object.fromEntries(members),
      ...(required.length > 0 && { required }),
      ...(schema[0] === KIND.union && { union: true as const }),
    };
  }

  #scalar(code: number): ShapeName {
    if (code & MAP_OF) {
      const value = this.#scalar(code & ~MAP_OF);
      this.maps[`map<${value}>`] = { key: { shape: "string" }, value: { shape: value } };
      return `map<${value}>`;
    }
    if (code & LIST_OF) {
      const element = this.#scalar(code & ~LIST_OF);
      this.lists[`list<${element}>`] = { element: { shape: element } };
      return `list<${element}>`;
    }
    const scalar = SCALARS[code];
    if (scalar === undefined) throw new Error(`unknown schema code ${code}`);
    return scalar;
  }

  #named(schema: readonly unknown[]): string {
    const name = String(schema[2]);
    if (this.#seen.has(name)) return name;
    this.#seen.add(name);
    switch (schema[0]) {
      case KIND.list:
        this.lists[name] = { element: this.member(schema[4]) };
        break;
      case KIND.map:
        this.maps[name] = { key: this.member(schema[4]), value: this.member(schema[5]) };
        break;
      case KIND.structure:
      case KIND.union:
        this.structures[name] = this.structure(schema);
        break;
      default:
        throw new Error(`unknown kind ${String(schema[0])} of schema ${name}`);
    }
    return name;
  }
}

function resolve(reference: unknown): Schema {
  const schema: unknown = typeof reference === "function" ? reference() : reference;
  if (typeof schema === "number" || typeof schema === "string") return schema;
  return listOf(schema);
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`not a schema: ${String(value)}`);
  return value;
}

function formatOf(code: number): Traits {
  const timestampFormat = TIMESTAMP_FORMATS[code];
  return timestampFormat === undefined ? {} : { timestampFormat };
}

function rawTraits(indicator: unknown): Record<string, unknown> {
  if (typeof indicator === "object" && indicator !== null) return { ...indicator };
  const bits = Number(indicator ?? 0);
  const set = TRAIT_BITS.filter((_, index) => (bits >> index) & 1);
  return Object.fromEntries(set.map((name) => [name, 1]));
}

function traitsOf(indicator: unknown): Traits {
  const known = Object.entries(rawTraits(indicator)).flatMap(([name, value]) => {
    if (FLAG_TRAITS.has(name)) return [[name, true]];
    if (TEXT_TRAITS.has(name)) return [[name, String(value)]];
    if (name === "xmlNamespace") return [[name, String(listOf(value).at(-1))]];
    return [];
  });
  return Object.fromEntries(known);
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
