import { ServiceError } from "../../kernel/errors.ts";

// The characters of XML 1.0; with the u flag a lone surrogate is one that is not in the set.
const NOT_ALLOWED = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Throws InvalidMessageContents unless a body or an attribute's text has only characters of XML 1.0. */
export function checkContents(text: string): void {
  if (!NOT_ALLOWED.test(text)) return;
  throw new ServiceError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF |" +
      " #xE000 to #xFFFD | #x10000 to #x10FFFF.",
  );
}
