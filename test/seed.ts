import { randomInt } from "node:crypto";

/** Options of a property test: a seed that is printed when it fails, or the one of `SEED`. */
export function seeded(numRuns?: number): { seed: number; numRuns?: number } {
  const seed = Number(process.env["SEED"] ?? randomInt(2 ** 31));
  return numRuns === undefined ? { seed } : { seed, numRuns };
}
