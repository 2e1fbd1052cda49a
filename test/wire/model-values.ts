import fc from "fast-check";
import type { Member, ServiceModel } from "../../src/kernel/model.ts";

// oxlint-disable-next-line no-control-regex -- they are what must not be sent
const UNSAFE = /[\s\0-\x1f\x7f-\x9f\ufffe\uffff]/g;

/** Text that XML 1.0 can carry unchanged and that no reader trims away. */
const TEXT = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => `<${text.replaceAll(UNSAFE, "&")}>`);

/** Values of a structure of the model, with every required and some optional members. */
export function valuesOf(model: ServiceModel, structure: string): fc.Arbitrary<object> {
  const shape = model.structures[structure];
  if (!shape) throw new Error(`no structure ${structure}`);
  const members = Object.entries(shape.members).map(
    ([name, member]) => [name, memberValues(model, member)] as const,
  );
  // The SDK makes these up where they are absent.
  const tokens = Object.keys(shape.members).filter((name) => shape.members[name]?.idempotencyToken);
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [...(shape.required ?? []), ...tokens],
    noNullPrototype: true,
  });
}

function memberValues(model: ServiceModel, member: Member): fc.Arbitrary<unknown> {
  const { shape } = member;
  switch (shape) {
    case "string":
      return TEXT;
    case "number":
      return fc.integer();
    case "boolean":
      return fc.boolean();
    case "blob":
      return fc.uint8Array({ maxLength: 20 });
    case "timestamp":
      return fc.integer({ min: 0, max: 2 ** 32 }).map((seconds) => new Date(seconds * 1000));
    default:
      return containerValues(model, shape);
  }
}

function containerValues(model: ServiceModel, shape: string): fc.Arbitrary<unknown> {
  const list = model.lists[shape];
  if (list) return fc.array(memberValues(model, list.element), { minLength: 1, maxLength: 3 });
  const map = model.maps[shape];
  if (!map) return valuesOf(model, shape);
  const value = memberValues(model, map.value);
  return fc.dictionary(TEXT, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
}
