import { readFileSync, statSync } from "node:fs";
import { assert } from "./kernel/errors.ts";
import type { Settings } from "./kernel/operation.ts";

/** What an option may say, in words for whoever said something else, and whether a text does. */
export interface OptionKind {
  readonly words: string;
  readonly fits: (text: string) => boolean;
}

type KindName = "text" | "flag" | "milliseconds" | "url" | "folder" | "objectOrFile";

/** The kinds of options that services have. */
export const OPTION_KINDS: Readonly<Record<KindName, OptionKind>> = {
  text: { words: "a text", fits: (text) => text !== "" },
  flag: { words: "true or false", fits: (text) => text === "true" || text === "false" },
  milliseconds: { words: "milliseconds, from 1 on", fits: (text) => /^[1-9]\d{0,8}$/.test(text) },
  url: { words: "a URL", fits: (text) => URL.canParse(text) },
  folder: { words: "a folder that is there", fits: isFolder },
  objectOrFile: { words: "a JSON object, or a file with one", fits: isObjectOrFile },
};

/** No service reads an option of that name, or none that says this: it would go unheard. */
export class WrongServiceOption extends Error {
  override readonly name = "WrongServiceOption";
}

/**
 * What services read their options with; `kinds` are those that services declare, by name, and nothing
 * else is read. Throws {@link WrongServiceOption} when another one is given, or one that does not fit.
 */
export function serviceOptions(
  given: Readonly<Record<string, string>>,
  kinds: ReadonlyMap<string, OptionKind>,
): Settings["option"] {
  for (const [name, value] of Object.entries(given)) {
    const kind = kinds.get(name);
    if (kind === undefined) {
      const names = Array.from(kinds.keys()).join(", ");
      throw new WrongServiceOption(`No service has the option ${name}; there are ${names}`);
    }
    // What it says is not told: it may be a secret.
    if (!kind.fits(value)) {
      throw new WrongServiceOption(`The option ${name} must be ${kind.words}`);
    }
  }
  return (name) => {
    assert(kinds.has(name), `no service declares the option ${name}`);
    return given[name];
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isObjectOrFile(text: string): boolean {
  try {
    const json = text.trimStart().startsWith("{") ? text : readFileSync(text, "utf8");
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
