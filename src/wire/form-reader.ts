import { decodeBase64 } from "../kernel/validate.ts";
import type { ListShape, MapShape, Member, ServiceModel } from "../kernel/model.ts";
import type { ServiceError } from "../kernel/errors.ts";
import type { Refusals } from "../kernel/service.ts";
import type { FormNode } from "./form.ts";

/**
 * Turns the parameters of a Query request into the values of an operation's input, by the model:
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html. Lists and maps are read in their
 * flattened form and in that with `.member.N` or `.entry.N`, whatever the model says; numbers may
 * have gaps, and a single element may do without one, as in the examples of the SQS API reference
 * (`AttributeName=All`, `Attribute.Name=DelaySeconds`). Unknown parameters are left out. Whether
 * required members are there is not its business, but a flattened list without elements cannot be
 * told from an absent one: where it is required, it is empty.
 */
export class FormReader {
  readonly #model: ServiceModel;
  readonly #refusals: Refusals;

  constructor(model: ServiceModel, refusals: Refusals) {
    this.#model = model;
    this.#refusals = refusals;
  }

  /** The members of `structure` that `node` has. Throws what {@link Refusals} words. */
  structure(structure: string, node: FormNode, path = ""): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const { members = {}, required = [] } = this.#model.structures[structure] ?? {};
    for (const [name, member] of Object.entries(members)) {
      const child = childNamed(node, member.xmlName) ?? childNamed(node, name);
      if (child === undefined || isAbsent(member, child)) {
        const isList = member.xmlFlattened && this.#model.lists[member.shape] !== undefined;
        if (isList && required.includes(name)) result[name] = [];
        continue;
      }
      result[name] = this.#value(member, child, path === "" ? name : `${path}.${name}`);
    }
    return result;
  }

  #value(member: Member, node: FormNode, path: string): unknown {
    const { shape } = member;
    const list = this.#model.lists[shape];
    if (list) return this.#list(list, node, path);
    const map = this.#model.maps[shape];
    if (map) return this.#map(map, node, path);
    if (this.#model.structures[shape]) return this.structure(shape, node, path);
    const { text } = node;
    if (text === undefined) throw this.#refusals.wrongType(path, shape, "structure");
    const value = scalarOf(shape, text);
    if (value === undefined) throw this.#unreadable(path, shape, text);
    return value;
  }

  #unreadable(path: string, shape: string, text: string): ServiceError {
    return (
      this.#refusals.unreadable?.(path, shape, text) ??
      this.#refusals.wrongType(path, shape, "string")
    );
  }

  #list(list: ListShape, node: FormNode, path: string): unknown[] {
    const { element } = list;
    const inner = childNamed(node, element.xmlName) ?? childNamed(node, "member") ?? node;
    const items = inner.text ? [{ text: inner.text }] : numbered(inner);
    return items.map((child, index) => this.#value(element, child, `${path}[${index}]`));
  }

  #map(map: MapShape, node: FormNode, path: string): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null);
    const inner = childNamed(node, "entry") ?? node;
    const isSingle = childNamed(inner, map.key.xmlName) !== undefined;
    for (const entry of isSingle ? [inner] : numbered(inner)) {
      const key = childNamed(entry, map.key.xmlName) ?? childNamed(entry, "key");
      const value = childNamed(entry, map.value.xmlName) ?? childNamed(entry, "value");
      if (key === undefined && value === undefined) continue;
      // What an entry lacks is empty: its key for the service to refuse, as AWS does.
      const name = key?.text ?? "";
      result[name] = this.#value(map.value, value ?? { text: "" }, `${path}.${name}`);
    }
    return result;
  }
}

/** An empty number or boolean is none: programs send every parameter of theirs. */
function isAbsent({ shape }: Member, { text }: FormNode): boolean {
  return text === "" && (shape === "number" || shape === "boolean");
}

function childNamed(node: FormNode, name: string | undefined): FormNode | undefined {
  return name === undefined ? undefined : node.children?.get(name);
}

/** The children of a node whose names are numbers, in their order. */
function numbered(node: FormNode): FormNode[] {
  const items: [order: number, child: FormNode][] = [];
  for (const [name, child] of node.children ?? []) {
    if (/^\d{1,9}$/.test(name)) items.push([Number(name), child]);
  }
  return items.toSorted(([a], [b]) => a - b).map(([, child]) => child);
}

function scalarOf(shape: string, text: string): unknown {
  switch (shape) {
    case "string":
    case "document":
      return text;
    case "boolean":
      return booleanOf(text);
    case "blob":
    case "streamingBlob":
      return decodeBase64(text);
    case "timestamp":
      return timestampOf(text);
    case "bigInteger":
      return /^-?\d{1,40}$/.test(text) ? BigInt(text) : undefined;
    default:
      return numberOf(text);
  }
}

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === "true") return true;
  return lower === "false" ? false : undefined;
}

function numberOf(text: string): number | undefined {
  if (!/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** RFC 3339, an HTTP date, or seconds of the epoch. */
function timestampOf(text: string): Date | undefined {
  const seconds = numberOf(text);
  const date = new Date(seconds === undefined ? text : seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
