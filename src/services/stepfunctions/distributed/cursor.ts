import { assert } from "../../../kernel/errors.ts";
import type { Json } from "../language/json.ts";
import { MAX_IDLE_CURSORS } from "../limits.ts";

/** Items that are read bit by bit; may be given back one. */
export class ItemCursor {
  readonly #iterator: AsyncIterator<Json>;
  #position = 0;
  #returned: Json | undefined;
  #isClosed = false;

  constructor(items: AsyncIterable<Json>) {
    this.#iterator = items[Symbol.asyncIterator]();
  }

  /** How many items were taken. */
  get position(): number {
    return this.#position;
  }

  /** The next item, or undefined at the end. */
  async next(): Promise<Json | undefined> {
    assert(!this.#isClosed, "nobody reads on where it is closed: that is not the items' end");
    const returned = this.#returned;
    this.#returned = undefined;
    if (returned !== undefined) {
      this.#position += 1;
      return returned;
    }
    const { done, value } = await this.#iterator.next();
    if (done === true) return undefined;
    this.#position += 1;
    return value;
  }

  /** Puts the item that was taken last back. */
  giveBack(item: Json): void {
    this.#returned = item;
    this.#position -= 1;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#iterator.return?.();
  }
}

/** Where the items of a map run are read on. */
export interface Reading {
  readonly uid: string;
  /** How many items were taken before. */
  readonly position: number;
  readonly open: () => AsyncIterable<Json>;
}

/** Readers of map runs on this node: a long list is not read anew for each child that starts. */
export class Cursors {
  readonly #mostIdle: number;
  /** Those that nobody reads now, the one that was read last at the end. */
  readonly #idle = new Map<string, ItemCursor>();

  constructor(mostIdle: number = MAX_IDLE_CURSORS) {
    this.#mostIdle = mostIdle;
  }

  /** Has `take` read on from a position, at the cursor that was left there or a new one that skips as many. */
  async read<Result>(
    reading: Reading,
    take: (cursor: ItemCursor) => Promise<Result>,
  ): Promise<Result> {
    const cursor = await this.#takeOut(reading);
    try {
      while (cursor.position < reading.position && (await cursor.next()) !== undefined);
      const result = await take(cursor);
      await this.#keep(reading.uid, cursor);
      return result;
    } catch (error) {
      await cursor.close();
      throw error;
    }
  }

  /** Closes what was left of a map run. */
  async close(uid: string): Promise<void> {
    const cursor = this.#idle.get(uid);
    this.#idle.delete(uid);
    await cursor?.close();
  }

  async #takeOut({ uid, position, open }: Reading): Promise<ItemCursor> {
    const idle = this.#idle.get(uid);
    if (idle?.position !== position) {
      await this.close(uid);
      return new ItemCursor(open());
    }
    this.#idle.delete(uid);
    return idle;
  }

  async #keep(uid: string, cursor: ItemCursor): Promise<void> {
    await this.close(uid);
    this.#idle.set(uid, cursor);
    for (const oldest of this.#idle.keys()) {
      if (this.#idle.size <= this.#mostIdle) break;
      await this.close(oldest);
    }
  }
}
