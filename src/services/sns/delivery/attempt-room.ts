import { LIMITS } from "../limits.ts";

/**
 * Bounds what the attempts of all subscriptions hold at once, in bytes of messages: endpoints that do
 * not answer keep theirs for as long as they may. Whoever finds no room waits, in order.
 */
export class AttemptRoom {
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  #taken = 0;

  /** Resolves when there is room for a message of `bytes`; answers what gives it back. */
  async enter(messageBytes: number): Promise<() => void> {
    // A connection costs something, too, whatever it carries.
    const bytes = Math.max(messageBytes, LIMITS.smallestAttemptBytes);
    if (this.#waiting.length > 0 || !this.#hasRoomFor(bytes)) {
      await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }));
    } else {
      this.#taken += bytes;
    }
    return () => this.#leave(bytes);
  }

  #leave(bytes: number): void {
    this.#taken -= bytes;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoomFor(next.bytes)) return;
      this.#taken += next.bytes;
      this.#waiting.shift();
      next.enter();
    }
  }

  /** One that is larger than the room goes alone. */
  #hasRoomFor(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= LIMITS.attemptBytes;
  }
}
