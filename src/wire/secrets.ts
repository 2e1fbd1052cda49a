import { createHash, timingSafeEqual } from "node:crypto";

/** Compares secrets in a time that tells nothing about where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const left = createHash("sha256").update(a).digest();
  return timingSafeEqual(left, createHash("sha256").update(b).digest());
}
