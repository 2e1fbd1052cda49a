import { PatternError } from "./errors.ts";

/**
 * Compiles a pattern in which `*` stands for any characters; `\*` and `\\` are literal. Matching
 * takes linear time, whatever the pattern. Throws a {@link PatternError}.
 */
export function compileWildcard(pattern: string): (value: string) => boolean {
  const [first = "", ...others] = literalsOf(pattern);
  const last = others.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (value.length < first.length + last.length) return false;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    const end = value.length - last.length;
    let at = first.length;
    for (const literal of others) {
      const found = value.indexOf(literal, at);
      if (found === -1 || found + literal.length > end) return false;
      at = found + literal.length;
    }
    return true;
  };
}

/** The literal texts between the wildcards. */
function literalsOf(pattern: string): string[] {
  const literals = [""];
  for (let at = 0; at < pattern.length; at += 1) {
    let character = pattern.charAt(at);
    if (character === "*") {
      if (pattern.charAt(at + 1) === "*") {
        throw new PatternError(`Consecutive wildcard characters at pos ${at}`);
      }
      literals.push("");
      continue;
    }
    if (character === "\\") {
      at += 1;
      character = pattern.charAt(at);
      if (character !== "*" && character !== "\\") {
        throw new PatternError(`Invalid escape character at pos ${at - 1}`);
      }
    }
    literals.push((literals.pop() ?? "") + character);
  }
  return literals;
}
