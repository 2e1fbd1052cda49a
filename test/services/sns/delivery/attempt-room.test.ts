import assert from "node:assert/strict";
import { test } from "node:test";
import { AttemptRoom } from "../../../../src/services/sns/delivery/attempt-room.ts";
import { LIMITS } from "../../../../src/services/sns/limits.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("attempts share a room of bytes, and enter in the order in which they came", async () => {
  const room = new AttemptRoom();
  const leaveFirst = await room.enter(LIMITS.attemptBytes - 2 * LIMITS.smallestAttemptBytes);
  const leaveSmall = await room.enter(1);
  const entered: string[] = [];
  const enter = async (name: string, bytes: number): Promise<() => void> => {
    const leave = await room.enter(bytes);
    entered.push(name);
    return leave;
  };
  const large = enter("large", LIMITS.attemptBytes + 1);
  const late = enter("late", 1);
  await turn();
  assert.deepEqual(entered, [], "nobody overtakes one that waits");
  leaveFirst();
  await turn();
  assert.deepEqual(entered, [], "what is larger than the room waits for all of it");
  leaveSmall();
  (await large)();
  (await late)();
  assert.deepEqual(entered, ["large", "late"]);
});

test("an attempt counts something, however small its message is", async () => {
  const room = new AttemptRoom();
  const most = LIMITS.attemptBytes / LIMITS.smallestAttemptBytes;
  const leaves = await Promise.all(Array.from({ length: most }, () => room.enter(0)));
  let isIn = false;
  const next = room.enter(0).then(() => (isIn = true));
  await turn();
  assert.equal(isIn, false);
  leaves[0]?.();
  assert.equal(await next, true);
});
