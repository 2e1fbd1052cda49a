import type { Json } from "../language/json.ts";

/** How many map runs' readers a node keeps open. */
const MAX_CURSORS = 64;

/** Items that are read bit by bit; may be given back one. */
export class ItemCursor {
  readonly #iterator: AsyncIterator<Json>;
  #position = 0;
  #returned: Json | undefined;

  constructor(items: AsyncIterable<Json>) {
    this.#iterator = items[Symbol.asyncIterator]();
  }

  /** How many items were taken. */
  get position(): number {
    return this.#position;
  }

  /** The next item, or undefined at the end. */
  async next(): Promise<Json | undefined> {
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
    await this.#iterator.return?.();
  }
}

/** Readers of map runs on this node: a long list is not read anew for each child that starts. */
export class Cursors {
  readonly #cursors = new Map<string, ItemCursor>();

  /** The cursor of a map run, after `position` items: the open one, or a new one that skips as many. */
  async at(uid: string, position: number, open: () => AsyncIterable<Json>): Promise<ItemCursor> {
    const kept = this.#cursors.get(uid);
    if (kept?.position === position) return kept;
    await this.close(uid);
    const cursor = new ItemCursor(open());
    while (cursor.position < position && (await cursor.next()) !== undefined);
    this.#cursors.set(uid, cursor);
    for (const oldest of this.#cursors.keys()) {
      if (this.#cursors.size <= MAX_CURSORS) break;
      await this.close(oldest);
    }
    return cursor;
  }

  async close(uid: string): Promise<void> {
    const cursor = this.#cursors.get(uid);
    this.#cursors.delete(uid);
    await cursor?.close();
  }
}
