import type { Member, ServiceModel } from "../../../kernel/model.ts";
import { upperFirst } from "../integrations/shapes.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json } from "../language/json.ts";

/** A value of a mocked result. */
interface Mocked {
  readonly value: Json;
  /** Whether required members must be there. */
  readonly isStrict: boolean;
  /** Where in the result the value is, with its names; absent for the whole of it. */
  readonly place?: string;
}

/**
 * How a mocked result does not fit the API that it stands for, in which tasks begin names with a capital;
 * undefined when it does. What the API does not have is not looked at.
 */
export function misfitOf(
  model: ServiceModel,
  { shape }: Pick<Member, "shape">,
  mocked: Mocked,
): string | undefined {
  const { value, isStrict, place } = mocked;
  const within = (member: Member, part: Json, name: string): string | undefined =>
    misfitOf(model, member, { value: part, isStrict, place: `${place ?? ""}${name}` });
  const structure = model.structures[shape];
  if (structure !== undefined) {
    if (!isJsonObject(value)) return mustBe(place, "an object");
    const dot = place === undefined ? "" : ".";
    for (const [own, member] of Object.entries(structure.members)) {
      const name = upperFirst(own);
      const part = Object.hasOwn(value, name) ? value[name] : undefined;
      const isMissing = part === undefined && structure.required?.includes(own) === true;
      if (isMissing && isStrict)
        return `the required field '${place ?? ""}${dot}${name}' is missing`;
      const misfit = part === undefined ? undefined : within(member, part, `${dot}${name}`);
      if (misfit !== undefined) return misfit;
    }
    return undefined;
  }
  const list = model.lists[shape];
  if (list !== undefined) {
    if (!isJsonArray(value)) return mustBe(place, "an array");
    return firstOf(value.map((part, index) => within(list.element, part, `[${index}]`)));
  }
  const map = model.maps[shape];
  if (map !== undefined) {
    if (!isJsonObject(value)) return mustBe(place, "an object");
    return firstOf(Object.entries(value).map(([key, part]) => within(map.value, part, `.${key}`)));
  }
  const expected = SCALARS[shape];
  return expected === undefined || expected.includes(typeof value)
    ? undefined
    : mustBe(place, `a ${expected.join(" or ")}`);
}

/** The types of JSON that stand for scalars; any does for the others, blobs for example. */
const SCALARS: Readonly<Record<string, readonly string[]>> = {
  string: ["string"],
  number: ["number"],
  boolean: ["boolean"],
  timestamp: ["string", "number"],
};

function firstOf(misfits: readonly (string | undefined)[]): string | undefined {
  return misfits.find((misfit) => misfit !== undefined);
}

function mustBe(place: string | undefined, what: string): string {
  return `${place === undefined ? "it" : `the field '${place}'`} must be ${what}`;
}
