import assert from "node:assert/strict";
import type { Settings } from "./kernel/operation.ts";

/** No service reads an option of that name: what it was meant to say would go unheard. */
export class UnknownServiceOption extends Error {
  override readonly name = "UnknownServiceOption";

  constructor(name: string, names: readonly string[]) {
    super(`No service has the option ${name}; there are ${names.join(", ")}`);
  }
}

/**
 * What services read their options with; `names` are those that services declare, and nothing else is
 * read. Throws {@link UnknownServiceOption} when another one is given.
 */
export function serviceOptions(
  given: Readonly<Record<string, string>>,
  names: readonly string[],
): Settings["option"] {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UnknownServiceOption(unknown, names);
  return (name) => {
    assert(names.includes(name), `no service declares the option ${name}`);
    return given[name];
  };
}
