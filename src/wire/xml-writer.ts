import type { Member, ServiceModel } from "../kernel/model.ts";
import { writeBlob } from "./json-writer.ts";

/** Writes a value of the SDK's types as XML; `tag` is the element it stands in. */
export type ToXml = (tag: string, value: unknown) => string;

/** Writes the members of a structure, without an element around them. */
export type ToXmlContent = (value: Readonly<Record<string, unknown>>) => string;

/**
 * Makes the writer of a structure's members, named and nested by the XML traits of the model:
 * https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings. Members without a value are left out.
 */
export function xmlWriter(model: ServiceModel, structure: string): ToXmlContent {
  return new XmlCompiler(model).content(structure);
}

class XmlCompiler {
  readonly #model: ServiceModel;
  readonly #contents = new Map<string, ToXmlContent>();

  constructor(model: ServiceModel) {
    this.#model = model;
  }

  content(structure: string): ToXmlContent {
    const known = this.#contents.get(structure);
    if (known) return known;
    const members: [name: string, tag: string, write: ToXml][] = [];
    const content: ToXmlContent = (value) => {
      let xml = "";
      for (const [name, tag, write] of members) {
        const given = value[name];
        if (given !== undefined && given !== null) xml += write(tag, given);
      }
      return xml;
    };
    // Known before its members are, since shapes may contain themselves.
    this.#contents.set(structure, content);
    const shape = this.#model.structures[structure];
    for (const [name, member] of Object.entries(shape?.members ?? {})) {
      members.push([name, member.xmlName ?? name, this.#member(member)]);
    }
    return content;
  }

  #member(member: Member): ToXml {
    const list = this.#model.lists[member.shape];
    if (list) return this.#list(list.element, member.xmlFlattened === true);
    const map = this.#model.maps[member.shape];
    if (map) return this.#map(map.key, map.value, member.xmlFlattened === true);
    if (this.#model.structures[member.shape]) {
      const content = this.content(member.shape);
      return (tag, value) => element(tag, isRecord(value) ? content(value) : "");
    }
    if (member.shape === "timestamp") {
      return (tag, value) => element(tag, escapeXml(timestampText(member, value)));
    }
    return (tag, value) => element(tag, escapeXml(String(writeBlob(value))));
  }

  #list(elementMember: Member, isFlat: boolean): ToXml {
    const write = this.#member(elementMember);
    const inner = elementMember.xmlName ?? "member";
    return (tag, value) => {
      if (!Array.isArray(value)) return "";
      const itemTag = isFlat ? tag : inner;
      const items = value.map((item: unknown) => write(itemTag, item)).join("");
      return isFlat ? items : element(tag, items);
    };
  }

  #map(key: Member, value: Member, isFlat: boolean): ToXml {
    const write = this.#member(value);
    const keyTag = key.xmlName ?? "key";
    const valueTag = value.xmlName ?? "value";
    return (tag, given) => {
      if (!isRecord(given)) return "";
      const entryTag = isFlat ? tag : "entry";
      let entries = "";
      for (const [name, inner] of Object.entries(given)) {
        if (inner === undefined || inner === null) continue;
        entries += element(entryTag, element(keyTag, escapeXml(name)) + write(valueTag, inner));
      }
      return isFlat ? entries : element(tag, entries);
    };
  }
}

/** An element around content that is XML already. */
export function element(tag: string, content: string): string {
  return content === "" ? `<${tag}/>` : `<${tag}>${content}</${tag}>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // A reader would turn a bare carriage return into a line feed (XML 1.0, 2.11).
  "\r": "&#xD;",
};

/** What needs care in text: the characters above, and those that XML 1.0 (2.2) has no way to write. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const SPECIAL = /[&<>"\r\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text as XML content; characters that XML 1.0 cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? "\ufffd");
}

function timestampText(member: Member, value: unknown): string {
  if (!(value instanceof Date)) return String(value);
  if (member.timestampFormat === "http-date") return value.toUTCString();
  if (member.timestampFormat === "epoch-seconds") return String(value.getTime() / 1000);
  return value.toISOString();
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
