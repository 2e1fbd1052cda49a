import assert from "node:assert/strict";

/** What a queue must do, as plainly as it can be said: a list of messages and a time. */
export class QueueModel {
  readonly isFifo: boolean;
  readonly retentionMs: number;
  nowMs: number;
  delayMs = 0;
  #messages: ModelMessage[] = [];
  #deduplication = new Map<string, { readonly id: string; readonly untilMs: number }>();

  constructor(options: {
    readonly isFifo: boolean;
    readonly retentionMs: number;
    readonly nowMs: number;
  }) {
    this.isFifo = options.isFifo;
    this.retentionMs = options.retentionMs;
    this.nowMs = options.nowMs;
  }

  /** The message that a send repeats, if it does. */
  repeated(deduplicationId: string): string | undefined {
    const earlier = this.#deduplication.get(deduplicationId);
    return earlier !== undefined && earlier.untilMs > this.nowMs ? earlier.id : undefined;
  }

  sent(message: { id: string; group: string; deduplicationId: string; delayMs: number }): void {
    const { id, group, delayMs } = message;
    const sentAtMs = this.nowMs;
    const hiddenUntilMs = this.isFifo ? 0 : this.nowMs + delayMs;
    this.#messages.push({ id, group, sentAtMs, hiddenUntilMs, receives: 0, receipt: "" });
    this.#deduplication.set(message.deduplicationId, { id, untilMs: this.nowMs + 300_000 });
  }

  /** Checks what a receive of up to `limit` gave, and takes it over. */
  received(got: readonly Received[], limit: number, visibilityMs: number): void {
    const available = this.#available();
    assert.equal(got.length, Math.min(limit, available.length), "as many as there are");
    assert.equal(new Set(got.map(({ id }) => id)).size, got.length, "each once");
    for (const { id, receives } of got) {
      const message = available.find((each) => each.id === id);
      assert.ok(message, `${id} was to be had`);
      assert.equal(receives, message.receives + 1, "receive count");
    }
    if (this.isFifo) this.#checkOrder(got, available);
    for (const { id, receipt } of got) {
      const message = this.#find(id);
      assert.ok(message);
      message.receives += 1;
      message.receipt = receipt;
      message.hiddenUntilMs = this.nowMs + visibilityMs;
    }
  }

  /** What a delete by a receipt does. */
  deleted(id: string, receipt: string): "done" | "refused" {
    const message = this.#find(id);
    if (message === undefined) return "done";
    const isLatest = message.receipt === receipt;
    if (this.isFifo && !(isLatest && this.#isHidden(message))) return "refused";
    if (isLatest) this.#messages = this.#messages.filter((each) => each !== message);
    return "done";
  }

  changed(id: string, receipt: string, visibilityMs: number): "done" | "refused" {
    const message = this.#find(id);
    if (message === undefined || message.receipt !== receipt || !this.#isHidden(message))
      return "refused";
    message.hiddenUntilMs = this.nowMs + visibilityMs;
    return "done";
  }

  purged(): void {
    this.#messages = [];
    this.#deduplication.clear();
  }

  moveTo(nowMs: number): void {
    this.nowMs = nowMs;
    this.#messages = this.#messages.filter((each) => each.sentAtMs + this.retentionMs > nowMs);
  }

  counts(): { messages: number; delayed: number; inFlight: number } {
    const hidden = this.#messages.filter((each) => this.#isHidden(each));
    const inFlight = hidden.filter(({ receives }) => receives > 0).length;
    return { messages: this.#messages.length, delayed: hidden.length - inFlight, inFlight };
  }

  #available(): ModelMessage[] {
    if (!this.isFifo) return this.#messages.filter((each) => !this.#isHidden(each));
    const locked = new Set(
      this.#messages.filter((each) => this.#isHidden(each)).map(({ group }) => group),
    );
    return this.#messages.filter(({ group, sentAtMs }) => {
      if (locked.has(group)) return false;
      return sentAtMs + this.delayMs <= this.nowMs;
    });
  }

  /** What was received of each group are its first messages, in order. */
  #checkOrder(got: readonly Received[], available: readonly ModelMessage[]): void {
    for (const group of new Set(available.map((each) => each.group))) {
      const expected = available.filter((each) => each.group === group).map(({ id }) => id);
      const ofGroup = got.map(({ id }) => id).filter((id) => expected.includes(id));
      assert.deepEqual(ofGroup, expected.slice(0, ofGroup.length), `order of ${group}`);
    }
  }

  #isHidden({ hiddenUntilMs }: ModelMessage): boolean {
    return hiddenUntilMs > this.nowMs;
  }

  #find(id: string): ModelMessage | undefined {
    return this.#messages.find((each) => each.id === id);
  }
}

interface ModelMessage {
  readonly id: string;
  readonly group: string;
  readonly sentAtMs: number;
  /** Delayed or in flight until then. */
  hiddenUntilMs: number;
  receives: number;
  receipt: string;
}

/** What a receive gave. */
export interface Received {
  readonly id: string;
  readonly receipt: string;
  readonly receives: number;
}
