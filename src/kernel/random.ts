/** Where chance comes from; a seeded one makes a run repeatable. */
export interface Random {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** A random (version 4) UUID. */
  uuid(): string;
  /** A number from 0 up to, not including, 1. */
  fraction(): number;
}
