import type { Key, KeyRange } from "../kernel/tuple.ts";
import { KeyIntervals } from "./key-intervals.ts";
import { NOTHING } from "./layer.ts";
import type { Direction, Layer, LayerCursor, Slot } from "./layer.ts";
import { SortedMap } from "./sorted-map.ts";
import type { SortedMapCursor } from "./sorted-map.ts";

/** Intervals that an overlay remembers; then it begins to learn them again. */
const MOST_INTERVALS = 20_000;

/**
 * Writes on top of another layer, which they hide. A range skips what it finds hidden below and
 * remembers where: whoever consumes a queue's head would otherwise walk over all that was deleted
 * since the last rotation, again and again.
 */
export class Overlay implements Layer {
  /** What is underneath. May be replaced by a layer with the same entries. */
  below: Layer;
  /** The last write of each key. */
  readonly #slots = new Map<Key, Uint8Array | "deleted">();
  /** The written keys that have values, in order; `#unsorted` may say otherwise. */
  readonly #present = new SortedMap<true>();
  /** Keys that came or went since a range was last read: many an overlay never serves one. */
  #unsorted: Key[] = [];
  /** Where nothing below is visible: hidden, or not there. What is below does not change. */
  readonly #hidden = new KeyIntervals();

  constructor(below: Layer) {
    this.below = below;
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

  /** What is written at a key; undefined when that is for the layer below to say. */
  slot(key: Key): Slot {
    return this.#slots.get(key);
  }

  /** Sets or, without a value, deletes; answers what {@link Overlay.restore} needs. */
  write(key: Key, value: Uint8Array | undefined): Slot {
    const slot = this.#slots.get(key);
    this.#set(key, slot, value ?? "deleted");
    return slot;
  }

  /** Takes the last write of a key back. */
  restore(key: Key, slot: Slot): void {
    if (slot !== undefined) {
      this.#set(key, this.#slots.get(key), slot);
      return;
    }
    this.#slots.delete(key);
    this.#unsorted.push(key);
    this.#hidden.remove(key);
  }

  cursor(range: KeyRange, direction: Direction): LayerCursor {
    this.#sort();
    const upper =
      direction === "ascending"
        ? this.#present.ascendFrom(range.from)
        : this.#present.descendFrom(range.to);
    return new OverlayCursor(this, upper, range, direction);
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
    const end = this.#hidden.endAround(from);
    if (end !== undefined && end >= to) return;
    if (this.#hidden.size > MOST_INTERVALS) this.#hidden.clear();
    this.#hidden.add(from, to);
  }

  #set(key: Key, former: Slot, slot: Uint8Array | "deleted"): void {
    this.#slots.set(key, slot);
    if (isPresent(former) !== isPresent(slot)) this.#unsorted.push(key);
  }

  #sort(): void {
    if (this.#unsorted.length === 0) return;
    for (const key of this.#unsorted) {
      if (isPresent(this.#slots.get(key))) this.#present.set(key, true);
      else this.#present.delete(key);
    }
    this.#unsorted = [];
  }
}

function isPresent(slot: Slot): boolean {
  return slot !== undefined && slot !== "deleted";
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
    this.#cursor = this.#openFrom(start ?? range.from);
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

  /** Moves on to a visible entry; `gap` is where the run of none began, if it is known. */
  #settle(gap: Key | undefined): void {
    const overlay = this.#overlay;
    let first = gap;
    while (this.#cursor.key !== undefined && overlay.hides(this.#cursor.key)) {
      first ??= this.#cursor.key;
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
    this.#cursor = this.#openFrom(until);
  }

  #openFrom(from: Key): LayerCursor {
    const { to } = this.#range;
    return from < to ? this.#overlay.below.cursor({ from, to }, this.#direction) : NOTHING;
  }
}

/** Merges an overlay's own entries with the visible ones below: no key is in both. */
class OverlayCursor implements LayerCursor {
  key: Key | undefined;
  readonly #overlay: Overlay;
  readonly #below: VisibleBelow;
  readonly #own: SortedMapCursor<true>;
  readonly #range: KeyRange;
  readonly #direction: Direction;
  #fromOwn = false;

  constructor(overlay: Overlay, own: SortedMapCursor<true>, range: KeyRange, direction: Direction) {
    this.#overlay = overlay;
    this.#below = new VisibleBelow(overlay, range, direction);
    this.#own = own;
    this.#range = range;
    this.#direction = direction;
    this.#choose();
  }

  get value(): Uint8Array | undefined {
    if (!this.#fromOwn) return this.#below.value;
    const slot = this.key && this.#overlay.slot(this.key);
    return slot === "deleted" ? undefined : slot;
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
