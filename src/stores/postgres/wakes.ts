import type { Log } from "../../kernel/log.ts";
import type { Wake } from "../../kernel/store.ts";
import { WAKE_ALL } from "../../kernel/store.ts";
import type { Connection, Statement } from "./driver.ts";
import {
  CONNECT_PAUSE_MS,
  GREETING_MS,
  MAX_NOTIFICATION_BYTES,
  PRESENCE_INTERVAL_MS,
  PRESENCE_TIMEOUT_MS,
} from "./limits.ts";
import type { Reach } from "./pool.ts";
import { identifier } from "./schema.ts";
import { openSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";

export interface WakesOptions {
  readonly session: SessionOptions;
  readonly reach: Reach;
  readonly log: Log;
  /** Unique among the nodes. */
  readonly id: string;
  readonly machineNow: () => number;
  readonly tell: (wake: Wake) => void;
}

/** What nodes say to each other; "hello" asks those who hear it to say that they are here. */
type Notice =
  | { readonly from: string; readonly kind: "hello" | "here" | "bye" }
  | { readonly from: string; readonly kind: "wakes"; readonly wakes: readonly PackedWake[] };

type PackedWake = readonly [topic: string, count: number, atMs: number | null];

const NOTIFY: Statement = {
  name: "notify",
  text: "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
};
const NOW: Statement = { name: "now", text: "SELECT extract(epoch FROM clock_timestamp()) * 1000" };

/** How many times the clock is read at first; the quickest answer counts. */
const CLOCK_READS = 5;

/**
 * Wake-ups from node to node by LISTEN and NOTIFY, after the commits that asked for them: a NOTIFY
 * inside of a transaction would hold a lock of the whole database while it commits. Nodes know of each
 * other by their notices, and one that is alone sends no wake-ups. Whoever may have missed some,
 * because a connection was lost, looks at everything again.
 */
export class Wakes {
  readonly #options: WakesOptions;
  readonly #channel: string;
  /** When each other node was last heard. */
  readonly #others = new Map<string, number>();
  /** Nodes that were silent for too long, and got no wake-ups since. */
  readonly #silent = new Set<string>();
  /** Until then a node that was not heard may yet answer the greeting. */
  #greetedUntilMs = Infinity;
  #connection: Connection | undefined;
  #pending = new Map<string, PackedWake>();
  #sending = false;
  #closed = false;
  #offsetMs = 0;
  #presence: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: WakesOptions) {
    this.#options = options;
    this.#channel = `waystation ${options.session.schema}`;
  }

  /** How far the database's clock is ahead of this machine's, in milliseconds. */
  get clockOffsetMs(): number {
    return this.#offsetMs;
  }

  async open(): Promise<void> {
    await this.#connect();
    this.#presence = setInterval(() => void this.#beat(), PRESENCE_INTERVAL_MS);
    this.#presence.unref();
  }

  /** Tells the other nodes, if there are any. */
  send(wakes: readonly Wake[]): void {
    const { machineNow } = this.#options;
    // The reconnection that follows wakes all.
    if (this.#connection === undefined) return;
    if (this.#others.size === 0 && machineNow() > this.#greetedUntilMs) return;
    for (const { topic, count = 1, atMs } of wakes) {
      const name = `${atMs ?? ""} ${topic}`;
      const earlier = this.#pending.get(name);
      this.#pending.set(name, [topic, count + (earlier?.[1] ?? 0), atMs ?? null]);
    }
    this.#flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#presence);
    clearTimeout(this.#retry);
    const connection = this.#connection;
    if (connection === undefined) return;
    await this.#say("bye").catch(() => {});
    await connection.end();
  }

  async #connect(): Promise<void> {
    const connection = await openSession(this.#options.session);
    try {
      connection.onNotification((payload) => this.#hear(payload));
      await connection.run({ text: `LISTEN ${identifier(this.#channel)}` });
      await this.#readClock(connection, CLOCK_READS);
      if (this.#closed) return await connection.end();
      this.#connection = connection;
      await this.#say("hello");
    } catch (error) {
      this.#connection = undefined;
      connection.destroy();
      throw error;
    }
    // Not before: a connection that is lost until here is the caller's to open anew, once.
    connection.onLost(() => this.#reconnect(connection));
    this.#options.reach.watch(connection);
    this.#greetedUntilMs = this.#options.machineNow() + GREETING_MS;
  }

  #reconnect(lost: Connection): void {
    if (this.#connection === lost) this.#connection = undefined;
    this.#greetedUntilMs = Infinity;
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#connect().then(
        () => {
          this.#options.log.info("wake-ups from other nodes arrive again");
          // Whatever was said meanwhile is lost; what this node had to say is made good in one word.
          this.#options.tell(WAKE_ALL);
          this.#pending.clear();
          this.send([WAKE_ALL]);
        },
        () => this.#reconnect(lost),
      );
    }, CONNECT_PAUSE_MS);
    this.#retry.unref();
  }

  #hear(payload: string): void {
    const notice = JSON.parse(payload) as Notice; // written by #send of some node
    const { from } = notice;
    if (from === this.#options.id) return;
    if (notice.kind === "bye") {
      this.#others.delete(from);
      this.#silent.delete(from);
      return;
    }
    const isNew = !this.#others.has(from);
    this.#others.set(from, this.#options.machineNow());
    if (notice.kind === "hello" || isNew) void this.#say("here").catch(() => {});
    if (this.#silent.delete(from)) this.send([WAKE_ALL]);
    if (notice.kind !== "wakes") return;
    for (const [topic, count, atMs] of notice.wakes) {
      this.#options.tell({ topic, count, ...(atMs !== null && { atMs }) });
    }
  }

  async #say(kind: "hello" | "here" | "bye"): Promise<void> {
    await this.#notify([JSON.stringify({ from: this.#options.id, kind } satisfies Notice)]);
  }

  #flush(): void {
    if (this.#sending || this.#pending.size === 0 || this.#connection === undefined) return;
    this.#sending = true;
    const wakes = [...this.#pending.values()];
    this.#pending.clear();
    this.#notify(pack(this.#options.id, wakes)).then(
      () => {
        this.#sending = false;
        this.#flush();
      },
      () => {
        this.#sending = false;
        // The reconnection that follows wakes all.
        const connection = this.#connection;
        connection?.destroy();
        if (connection !== undefined) this.#reconnect(connection);
      },
    );
  }

  async #notify(payloads: readonly string[]): Promise<void> {
    if (this.#connection === undefined) return;
    const array = `{${payloads.map((payload) => JSON.stringify(payload)).join(",")}}`;
    await this.#connection.run(NOTIFY, [this.#channel, array]);
  }

  async #beat(): Promise<void> {
    const silentSince = this.#options.machineNow() - PRESENCE_TIMEOUT_MS;
    for (const [id, heardAtMs] of this.#others) {
      if (heardAtMs >= silentSince) continue;
      this.#others.delete(id);
      this.#silent.add(id);
    }
    const connection = this.#connection;
    if (connection === undefined) return;
    try {
      await this.#readClock(connection, 1);
      // Those who were silent may have slept as long as this node, and wait for its word.
      if (this.#others.size + this.#silent.size > 0) await this.#say("here");
    } catch {
      // The connection is lost, which its listener takes care of.
    }
  }

  async #readClock(connection: Connection, reads: number): Promise<void> {
    const { machineNow } = this.#options;
    let quickestMs = Infinity;
    for (let read = 0; read < reads; read += 1) {
      const sentMs = machineNow();
      const { rows } = await connection.run(NOW);
      const answeredMs = machineNow();
      if (answeredMs - sentMs >= quickestMs) continue;
      quickestMs = answeredMs - sentMs;
      this.#offsetMs = Math.round(Number(rows[0]?.[0]) - (sentMs + answeredMs) / 2);
    }
  }
}

/** Notices that hold all of the wake-ups, each short enough for a notification. */
function pack(from: string, wakes: readonly PackedWake[]): string[] {
  const payloads: string[] = [];
  let current: PackedWake[] = [];
  let sizeBytes = 0;
  const end = (): void => {
    if (current.length === 0) return;
    payloads.push(JSON.stringify({ from, kind: "wakes", wakes: current } satisfies Notice));
    current = [];
    sizeBytes = 0;
  };
  for (const wake of wakes) {
    const wakeBytes = Buffer.byteLength(JSON.stringify(wake)) + 1;
    if (sizeBytes + wakeBytes + from.length + 50 > MAX_NOTIFICATION_BYTES) end();
    current.push(wake);
    sizeBytes += wakeBytes;
  }
  end();
  return payloads;
}
