/**
 * Whether `text` is as `pattern` says: `*` stands for any characters (also none), `\*` for an asterisk and
 * `\\` for a backslash. Takes time in proportion to the product of the lengths at worst.
 */
export function matchesWildcards(text: string, pattern: string): boolean {
  const parts = literalParts(pattern);
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** What a pattern has between its wildcards, without escapes; undefined when a backslash escapes nothing. */
export function checkWildcards(pattern: string): string | undefined {
  return /^(?:[^\\]|\\[*\\])*$/s.test(pattern)
    ? undefined
    : "a backslash must be followed by '*' or a backslash";
}

function literalParts(pattern: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === "*") {
      parts.push(part);
      part = "";
    } else if (character === "\\" && at + 1 < pattern.length) {
      at += 1;
      part += pattern.charAt(at);
    } else part += character;
  }
  return [...parts, part];
}
