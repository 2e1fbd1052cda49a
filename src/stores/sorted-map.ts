import type { Key } from "../kernel/tuple.ts";

/** A chunk that would hold more entries than this is split; measured as the fastest. */
const CHUNK_LIMIT = 256;

interface Chunk<Value> {
  readonly keys: Key[];
  readonly values: Value[];
}

/**
 * A map in key order, made of sorted chunks so that no change moves more than one chunk's entries:
 * a queue that grows at its end and shrinks at its head stays cheap at any size.
 */
export class SortedMap<Value> {
  /** Never empty ones. */
  #chunks: Chunk<Value>[] = [];
  /** For each chunk a key that none of its keys is below, and that all earlier chunks are below. */
  #lows: Key[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    const chunk = this.#chunks[this.#chunkIndex(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  /** Sets the value at `key`; answers the one that was there. */
  set(key: Key, value: Value): Value | undefined {
    const index = this.#chunkIndex(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#lows.push(key);
      this.#size += 1;
      return undefined;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      const previous = chunk.values[at];
      chunk.values[at] = value;
      return previous;
    }
    this.#size += 1;
    if (at === chunk.keys.length) {
      chunk.keys.push(key);
      chunk.values.push(value);
    } else {
      chunk.keys.splice(at, 0, key);
      chunk.values.splice(at, 0, value);
    }
    if (chunk.keys.length > CHUNK_LIMIT) this.#split(index, chunk, at);
    return undefined;
  }

  /** Removes `key`; answers the value that was there. */
  delete(key: Key): Value | undefined {
    const index = this.#chunkIndex(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return undefined;
    const previous = chunk.values[at];
    this.#size -= 1;
    if (chunk.keys.length === 1) {
      this.#chunks.splice(index, 1);
      this.#lows.splice(index, 1);
    } else if (at === 0) {
      chunk.keys.shift();
      chunk.values.shift();
    } else {
      chunk.keys.splice(at, 1);
      chunk.values.splice(at, 1);
    }
    return previous;
  }

  clear(): void {
    this.#chunks = [];
    this.#lows = [];
    this.#size = 0;
  }

  /** A cursor at the first entry whose key is not below `key`, which moves upwards. */
  ascendFrom(key: Key): SortedMapCursor<Value> {
    const index = this.#chunkIndex(key);
    const chunk = this.#chunks[index];
    const at = chunk === undefined ? 0 : lowerBound(chunk.keys, key);
    return new SortedMapCursor(this.#chunks, { chunk: index, at, step: 1 });
  }

  /** A cursor at the last entry whose key is below `key`, which moves downwards. */
  descendFrom(key: Key): SortedMapCursor<Value> {
    const index = this.#chunkIndex(key);
    const chunk = this.#chunks[index];
    const at = chunk === undefined ? -1 : lowerBound(chunk.keys, key) - 1;
    return new SortedMapCursor(this.#chunks, { chunk: index, at, step: -1 });
  }

  /** The index of the only chunk that may hold `key`. */
  #chunkIndex(key: Key): number {
    const lows = this.#lows;
    let low = 0;
    let high = lows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lows[middle] ?? key) <= key) low = middle + 1;
      else high = middle;
    }
    // The first chunk takes what is below its low key, too: nothing is before it.
    return low === 0 ? 0 : low - 1;
  }

  /** Splits in half, except where entries arrive in order: there full chunks stay behind. */
  #split(index: number, chunk: Chunk<Value>, insertedAt: number): void {
    const inOrder = insertedAt === chunk.keys.length - 1;
    const cut = inOrder ? insertedAt : chunk.keys.length >>> 1;
    const keys = chunk.keys.splice(cut);
    const values = chunk.values.splice(cut);
    const low = keys[0];
    if (low === undefined) return;
    this.#chunks.splice(index + 1, 0, { keys, values });
    this.#lows.splice(index + 1, 0, low);
  }
}

interface Position {
  chunk: number;
  at: number;
  readonly step: 1 | -1;
}

/** A place in a {@link SortedMap}; only good until the map changes. */
export class SortedMapCursor<Value> {
  key: Key | undefined;
  value: Value | undefined;
  readonly #chunks: readonly Chunk<Value>[];
  readonly #position: Position;

  constructor(chunks: readonly Chunk<Value>[], position: Position) {
    this.#chunks = chunks;
    this.#position = position;
    this.#load();
  }

  /** Moves on; `key` is undefined past the end. */
  next(): void {
    this.#position.at += this.#position.step;
    this.#load();
  }

  #load(): void {
    const position = this.#position;
    let chunk = this.#chunks[position.chunk];
    while (chunk !== undefined && (position.at < 0 || position.at >= chunk.keys.length)) {
      position.chunk += position.step;
      chunk = this.#chunks[position.chunk];
      if (chunk !== undefined) position.at = position.step === 1 ? 0 : chunk.keys.length - 1;
    }
    this.key = chunk?.keys[position.at];
    this.value = chunk?.values[position.at];
  }
}

function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
