import type { Key, KeyRange } from "../kernel/tuple.ts";
import { KeyIntervals } from "./key-intervals.ts";
import type { Direction, Layer, LayerCursor } from "./layer.ts";
import { SortedMap } from "./sorted-map.ts";
import type { SortedMapCursor } from "./sorted-map.ts";
import type { Slot } from "./serial-store.ts";

/**
 * Writes on top of another layer, which they hide. A range skips what it finds hidden below and
 * remembers where: whoever consumes a queue's head would otherwise walk over all that was deleted
 * since the last flush, again and again.
 */
export class Overlay implements Layer {
  /** What is underneath. May be replaced by a layer with the same entries. */
  below: Layer;
  /** The last write of each key. */
  readonly #slots = new Map<Key, Uint8Array | "deleted">();
  /** The written keys that have values, in order; without those of `#unsorted`. */
  readonly #present = new SortedMap<Uint8Array>();
  /** Keys written since a range was last read: many an overlay never serves one. */
  readonly #unsorted = new Set<Key>();
  /** Where all that is below is hidden. */
  readonly #hidden = new KeyIntervals();

  constructor(below: Layer) {
    this.below = below;
  }

  /** True when nothing is written. */
  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** The last write of each key. */
  get writes(): ReadonlyMap<Key, Uint8Array | "deleted"> {
    return this.#slots;
  }

  get(key: Key): Uint8Array | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return this.below.get(key);
    return slot === "deleted" ? undefined : slot;
  }

  write(key: Key, value: Uint8Array | undefined): Slot {
    const slot = this.#slots.get(key);
    this.#set(key, value ?? "deleted");
    return slot;
  }

  restore(key: Key, slot: Slot): void {
    if (slot !== undefined) {
      this.#set(key, slot);
      return;
    }
    this.#slots.delete(key);
    this.#unsorted.delete(key);
    this.#present.delete(key);
    this.#hidden.clear();
  }

  cursor(range: KeyRange, direction: Direction): LayerCursor {
    this.#sort();
    const upper =
      direction === "ascending"
        ? this.#present.ascendFrom(range.from)
        : this.#present.descendFrom(range.to);
    return new OverlayCursor(new VisibleBelow(this, range, direction), upper, range, direction);
  }

  /** True when a write hides what the layer below has at `key`. */
  hides(key: Key): boolean {
    return this.#slots.has(key);
  }

  /** Where to go on from `key` when all below from there on is known to be hidden. */
  hiddenUntil(key: Key): Key | undefined {
    return this.#hidden.endAround(key);
  }

  rememberHidden(from: Key, to: Key): void {
    this.#hidden.add(from, to);
  }

  #set(key: Key, slot: Uint8Array | "deleted"): void {
    this.#slots.set(key, slot);
    this.#unsorted.add(key);
  }

  #sort(): void {
    for (const key of this.#unsorted) {
      const slot = this.#slots.get(key);
      if (slot === undefined || slot === "deleted") this.#present.delete(key);
      else this.#present.set(key, slot);
    }
    this.#unsorted.clear();
  }
}

/** Walks the entries of the layer below that an overlay does not hide. */
class VisibleBelow {
  key: Key | undefined;
  readonly #overlay: Overlay;
  readonly #range: KeyRange;
  readonly #direction: Direction;
  #cursor: LayerCursor;

  constructor(overlay: Overlay, range: KeyRange, direction: Direction) {
    this.#overlay = overlay;
    this.#range = range;
    this.#direction = direction;
    const start = direction === "ascending" ? overlay.hiddenUntil(range.from) : undefined;
    this.#cursor = overlay.below.cursor(start ? { ...range, from: start } : range, direction);
    this.#settle(range.from);
  }

  get value(): Uint8Array | undefined {
    return this.#cursor.value;
  }

  next(): void {
    this.#cursor.next();
    this.#settle(undefined);
  }

  close(): void {
    this.#cursor.close();
  }

  /** Moves on to a visible entry; `gap` is where the run of hidden ones began, if it is known. */
  #settle(gap: Key | undefined): void {
    const overlay = this.#overlay;
    let first: Key | undefined;
    while (this.#cursor.key !== undefined && overlay.hides(this.#cursor.key)) {
      first ??= gap ?? this.#cursor.key;
      this.#skip(this.#cursor.key);
    }
    this.key = this.#cursor.key;
    if (first === undefined || this.#direction === "descending") return;
    overlay.rememberHidden(first, this.key ?? this.#range.to);
  }

  #skip(hidden: Key): void {
    const until = this.#direction === "ascending" ? this.#overlay.hiddenUntil(hidden) : undefined;
    if (until === undefined) {
      this.#cursor.next();
      return;
    }
    this.#cursor.close();
    this.#cursor = this.#overlay.below.cursor({ from: until, to: this.#range.to }, "ascending");
  }
}

/** Merges an overlay's own entries with the visible ones below: no key is in both. */
class OverlayCursor implements LayerCursor {
  key: Key | undefined;
  readonly #below: VisibleBelow;
  readonly #own: SortedMapCursor<Uint8Array>;
  readonly #range: KeyRange;
  readonly #direction: Direction;
  #fromOwn = false;

  constructor(
    below: VisibleBelow,
    own: SortedMapCursor<Uint8Array>,
    range: KeyRange,
    direction: Direction,
  ) {
    this.#below = below;
    this.#own = own;
    this.#range = range;
    this.#direction = direction;
    this.#choose();
  }

  get value(): Uint8Array | undefined {
    return this.#fromOwn ? this.#own.value : this.#below.value;
  }

  next(): void {
    if (this.#fromOwn) this.#own.next();
    else this.#below.next();
    this.#choose();
  }

  close(): void {
    this.#below.close();
  }

  #choose(): void {
    const own = this.#ownKey();
    const below = this.#below.key;
    this.#fromOwn = own !== undefined && (below === undefined || this.#isBefore(own, below));
    this.key = this.#fromOwn ? own : below;
  }

  #ownKey(): Key | undefined {
    const { key } = this.#own;
    if (key === undefined || key < this.#range.from || key >= this.#range.to) return undefined;
    return key;
  }

  #isBefore(one: Key, other: Key): boolean {
    return this.#direction === "ascending" ? one < other : one > other;
  }
}
