import assert from "node:assert/strict";

/** What a queue must do, as plainly as it can be said: a list of messages and a time. */
export class QueueModel {
  readonly isFifo: boolean;
  readonly retentionMs: number;
  nowMs: number;
  delayMs = 0;
  #messages: ModelMessage[] = [];
  #deduplication = new Map<
    string,
    { readonly id: string; readonly untilMs: number; wasOver: boolean }
  >();

  constructor(options: {
    readonly isFifo: boolean;
    readonly retentionMs: number;
    readonly nowMs: number;
  }) {
    this.isFifo = options.isFifo;
    this.retentionMs = options.retentionMs;
    this.nowMs = options.nowMs;
  }

  /** Whether the send that was answered with `id` repeats another; checks that it does if it must. */
  isRepeated(deduplicationId: string, id: string): boolean {
    const earlier = this.#deduplication.get(deduplicationId);
    if (earlier === undefined || earlier.untilMs <= this.nowMs) return false;
    // What was over may be forgotten, or not yet, when the clock is set back.
    if (!earlier.wasOver) assert.equal(id, earlier.id, "the send repeats another");
    return id === earlier.id;
  }

  sent(message: { id: string; group: string; deduplicationId: string; delayMs: number }): void {
    const { id, group, delayMs } = message;
    const sentAtMs = this.nowMs;
    const hiddenUntilMs = this.isFifo ? 0 : this.#in(delayMs);
    this.#messages.push({ id, group, sentAtMs, hiddenUntilMs, receives: 0, receipt: "" });
    this.#deduplication.set(message.deduplicationId, {
      id,
      untilMs: this.nowMs + 300_000,
      wasOver: false,
    });
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
      message.hiddenUntilMs = this.#in(visibilityMs);
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
    message.hiddenUntilMs = this.#in(visibilityMs);
    return "done";
  }

  purged(): void {
    this.#messages = [];
    this.#deduplication.clear();
  }

  /** Moves time, also back: what is visible, gone or over stays so. */
  moveTo(nowMs: number): void {
    this.nowMs = nowMs;
    for (const message of this.#messages) {
      if (!this.#isHidden(message)) message.hiddenUntilMs = 0;
    }
    for (const send of this.#deduplication.values()) send.wasOver ||= send.untilMs <= nowMs;
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
      // What is behind a delayed message waits for it; without a delay nothing waits.
      if (this.delayMs > 0 && sentAtMs + this.delayMs > this.nowMs) locked.add(group);
      return !locked.has(group);
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

  /** When something is visible that is hidden for so long from now on; 0 when it is so already. */
  #in(hiddenMs: number): number {
    return hiddenMs > 0 ? this.nowMs + hiddenMs : 0;
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
