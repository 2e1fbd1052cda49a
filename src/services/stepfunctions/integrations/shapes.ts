import type { Member, ServiceModel } from "../../../kernel/model.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json } from "../language/json.ts";

/**
 * The input of an operation from a task's JSON: member names begin with a capital in every task,
 * whatever the service calls them, blobs and strings may be written as JSON, and timestamps are ISO 8601
 * or seconds.
 */
export function toInput(model: ServiceModel, shapeName: string | undefined, value: Json): unknown {
  return shapeName === undefined ? {} : fromJson(model, { shape: shapeName }, value);
}

/** A task's JSON from the output of an operation, with a capital at the start of each member's name. */
export function toOutput(
  model: ServiceModel,
  shapeName: string | undefined,
  value: Readonly<Record<string, unknown>>,
): Json {
  return shapeName === undefined ? {} : toJson(model, { shape: shapeName }, value);
}

function fromJson(model: ServiceModel, { shape }: Pick<Member, "shape">, value: Json): unknown {
  const structure = model.structures[shape];
  if (structure !== undefined && isJsonObject(value)) {
    const entries = Object.entries(value).map(([name, part]): [string, unknown] => {
      const own = Object.hasOwn(structure.members, name) ? name : lowerFirst(name);
      const member = Object.hasOwn(structure.members, own) ? structure.members[own] : undefined;
      return member === undefined ? [name, part] : [own, fromJson(model, member, part)];
    });
    return Object.fromEntries(entries);
  }
  const list = model.lists[shape];
  if (list !== undefined && isJsonArray(value)) {
    return value.map((element) => fromJson(model, list.element, element));
  }
  const map = model.maps[shape];
  if (map !== undefined && isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, part]) => [
      key,
      fromJson(model, map.value, part),
    ]);
    return Object.fromEntries(entries);
  }
  if (shape === "blob" || shape === "streamingBlob") {
    return Buffer.from(typeof value === "string" ? value : JSON.stringify(value), "utf8");
  }
  if (shape === "timestamp") {
    if (typeof value === "string") return new Date(value);
    if (typeof value === "number") return new Date(value * 1000);
  }
  const isStructured = isJsonObject(value) || isJsonArray(value);
  return shape === "string" && isStructured ? JSON.stringify(value) : value;
}

function toJson(model: ServiceModel, { shape }: Pick<Member, "shape">, value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (Array.isArray(value)) {
    const element = model.lists[shape]?.element ?? { shape: "document" };
    return value.map((part) => toJson(model, element, part));
  }
  if (typeof value === "object") {
    const members = model.structures[shape]?.members;
    const entries = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]): [string, Json] => {
        if (members === undefined)
          return [name, toJson(model, model.maps[shape]?.value ?? { shape: "document" }, part)];
        return [upperFirst(name), toJson(model, members[name] ?? { shape: "document" }, part)];
      });
    return Object.fromEntries(entries);
  }
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : null;
}

/** With a capital at the start. */
export function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
