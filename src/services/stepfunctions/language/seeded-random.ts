/*
 * The numbers that a seed stands for: what java.util.Random (https://docs.oracle.com/javase/8/docs/api/java/util/Random.html)
 * draws first, which the service answers too.
 */

/** The fraction, from 0 up to 1, that belongs to a seed. */
export function seededFraction(seed: number): number {
  const draw = generatorOf(seed);
  return (draw(26) * 2 ** 27 + draw(27)) / 2 ** 53;
}

/** The whole number, from 0 up to `bound`, that belongs to a seed; `bound` is a positive integer. */
export function seededInteger(seed: number, bound: number): number {
  if (bound > 2 ** 31 - 1) return Math.floor(seededFraction(seed) * bound);
  const draw = generatorOf(seed);
  if (Number.isInteger(Math.log2(bound))) return Math.floor((bound * draw(31)) / 2 ** 31);
  // Drawn again where the last, incomplete run of `bound` numbers would make some of them likelier.
  for (;;) {
    const drawn = draw(31);
    const found = drawn % bound;
    if (drawn - found + bound <= 2 ** 31) return found;
  }
}

const MULTIPLIER = 0x5deece66dn;
const INCREMENT = 0xbn;
const STATE_BITS = 48;

/** Draws numbers of so many bits, 31 at most, one after the other. */
function generatorOf(seed: number): (bits: number) => number {
  const whole = Math.max(-(2 ** 63), Math.min(2 ** 63, Math.floor(seed)));
  let state = BigInt.asUintN(STATE_BITS, BigInt(whole) ^ MULTIPLIER);
  return (bits) => {
    state = BigInt.asUintN(STATE_BITS, state * MULTIPLIER + INCREMENT);
    return Number(state >> BigInt(STATE_BITS - bits));
  };
}
