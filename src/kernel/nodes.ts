import type { Alarm, Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import type { Entry, Store } from "./store.ts";
import { keyAfter } from "./tuple.ts";

export const NODE: Space<[node: string]> = space({
  number: 6,
  name: "node",
  layout: ["node"],
  value: "NodeRecord",
  lifetime: "while the node beats, and until another one has given its leases back",
});

interface NodeRecord {
  readonly aliveUntilMs: number;
}

/** A node that has not said for this long that it is alive is dead. */
export const NODE_LIFETIME_MS = 15_000;
/** How often a node says so in this time. */
const BEATS_PER_LIFETIME = 3;
/** How often a node says that it is alive. */
export const BEAT_INTERVAL_MS: number = NODE_LIFETIME_MS / BEATS_PER_LIFETIME;
/** How many nodes are looked at with one read. */
export const NODES_AT_ONCE = 1_000;

export interface NodesOptions {
  readonly store: Store;
  /** The store's own time, which nobody moves: nodes must agree on it. */
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  /** {@link NODE_LIFETIME_MS} by default. */
  readonly lifetimeMs?: number | undefined;
  /** Gives back what a node that is dead had leased; may be called more than once. */
  readonly release: (node: string) => Promise<void>;
}

/**
 * The life of the nodes that share a store. Each beats: it writes until when it is alive, and looks for
 * others that are not any more, whose leases it gives back.
 *
 *   start ──▶ alive ──beat──▶ alive ─ ─ ─ no beat for 15 s ─ ─ ▶ dead ──released by any node──▶ gone
 *               └──stop──▶ gone
 *
 * When the store was away no node could beat, and all look dead: so a node judges others only after
 * its own beats have been in time for a whole lifetime.
 */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #lifetimeMs: number;
  #alarm: Alarm | undefined;
  #lastBeatMs = -Infinity;
  #judgesFromMs = Infinity;
  #beating: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#lifetimeMs = options.lifetimeMs ?? NODE_LIFETIME_MS;
  }

  /** Gives back what an earlier life of this node had leased, and begins to beat. */
  async start(): Promise<void> {
    const { node, release } = this.#options;
    await release(node);
    await this.#beat();
    this.#setAlarm();
  }

  /** Gives back what this node had leased and will not do any more, and ends the beating. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm?.cancel();
    await this.#beating;
    const { store, node, release } = this.#options;
    // Once it is forgotten, nobody would look for what it had.
    await release(node);
    await store.transact(async (tx) => tx.delete(NODE.key(node)));
  }

  #setAlarm(): void {
    const { clock, log } = this.#options;
    if (this.#stopped) return;
    const nextMs = clock.now() + this.#lifetimeMs / BEATS_PER_LIFETIME;
    this.#alarm = clock.alarm(nextMs, async () => {
      this.#beating = this.#beat().catch((error: unknown) => {
        this.#judgesFromMs = Infinity;
        log.warn("this node could not say that it is alive", { error });
      });
      await this.#beating;
      this.#setAlarm();
    });
  }

  async #beat(): Promise<void> {
    const { store, clock, node } = this.#options;
    const nowMs = clock.now();
    const late = nowMs - this.#lastBeatMs > this.#lifetimeMs;
    if (late || this.#judgesFromMs === Infinity) this.#judgesFromMs = nowMs + this.#lifetimeMs;
    const record: NodeRecord = { aliveUntilMs: nowMs + this.#lifetimeMs };
    await store.transact(async (tx) => tx.put(NODE.key(node), encodeRecord(record)));
    this.#lastBeatMs = nowMs;
    if (nowMs >= this.#judgesFromMs) await this.#bury(nowMs);
  }

  /** Releases what dead nodes had leased, and then forgets the nodes. */
  async #bury(nowMs: number): Promise<void> {
    const { store, log, node, release } = this.#options;
    for await (const { key, value } of nodesOf(store)) {
      const [other] = NODE.parts(key);
      if (other === node || isAlive(value, nowMs)) continue;
      log.warn("a node is gone, its work goes to others", { node: other });
      await release(other);
      await store.transact(async (tx) => {
        const present = await tx.get(key);
        if (present && !isAlive(present, nowMs)) tx.delete(key);
      });
    }
  }
}

async function* nodesOf(store: Store): AsyncGenerator<Entry> {
  let range = NODE.below();
  for (;;) {
    const entries = await store.read((reader) => reader.range(range, { limit: NODES_AT_ONCE }));
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined) return;
    range = { from: keyAfter(last.key), to: range.to };
  }
}

function isAlive(value: Uint8Array, nowMs: number): boolean {
  return decodeRecord<NodeRecord>(value).aliveUntilMs > nowMs;
}
