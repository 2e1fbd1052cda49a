import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { seeded } from "../seed.ts";

test("advancing runs what becomes due in order of time, each at its own time", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  const rung: string[] = [];
  for (const [name, atMs] of [
    ["c", 1_300],
    ["a", 1_100],
    ["b", 1_200],
    ["late", 2_001],
  ] as const) {
    clock.alarm(atMs, () => void rung.push(`${name} at ${clock.now()}`));
  }
  await clock.advance(1_000);
  assert.deepEqual(rung, ["a at 1100", "b at 1200", "c at 1300"]);
  assert.equal(clock.now(), 2_000);
});

test("alarms of one time ring in the order they were set", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  const rung: number[] = [];
  for (let index = 0; index < 50; index += 1) clock.alarm(10, () => void rung.push(index));
  await clock.advance(10);
  assert.deepEqual(
    rung,
    Array.from({ length: 50 }, (_, index) => index),
  );
});

test("an alarm that an alarm sets rings in the same advance when it is due by then", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  const rung: number[] = [];
  const tick = (): void => {
    rung.push(clock.now());
    clock.alarm(clock.now() + 10, tick);
  };
  clock.alarm(10, tick);
  await clock.advance(35);
  assert.deepEqual(rung, [10, 20, 30]);
});

test("an advance waits for what an alarm starts before it moves on", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  const order: string[] = [];
  clock.alarm(10, async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    order.push(`first done at ${clock.now()}`);
  });
  clock.alarm(10, () => {
    void clock.track(
      new Promise<void>((resolve) => {
        setImmediate(() => {
          order.push(`tracked done at ${clock.now()}`);
          resolve();
        });
      }),
    );
  });
  clock.alarm(20, () => void order.push(`second at ${clock.now()}`));
  await clock.advance(20);
  assert.deepEqual(order, ["first done at 10", "tracked done at 10", "second at 20"]);
});

test("a cancelled alarm does not ring", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  const rung: string[] = [];
  const alarms = ["a", "b", "c"].map((name) => clock.alarm(10, () => void rung.push(name)));
  alarms[1]?.cancel();
  alarms[1]?.cancel();
  await clock.advance(10);
  assert.deepEqual(rung, ["a", "c"]);
});

test("moving time back rings nothing, and nothing twice", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  let rings = 0;
  clock.alarm(1_500, () => void (rings += 1));
  await clock.set(2_000);
  await clock.set(1_000);
  await clock.set(3_000);
  assert.equal(rings, 1);
  assert.equal(clock.now(), 3_000);
});

test("a running clock keeps running, ahead by what it was advanced", async () => {
  let machine = 5_000;
  const clock = new AdjustableClock({ machineNow: () => machine });
  await clock.advance(1_000);
  assert.equal(clock.now(), 6_000);
  machine += 7;
  assert.deepEqual(clock.state(), { mode: "running", nowMs: 6_007, offsetMs: 1_000 });
  clock.freeze();
  machine += 100;
  assert.equal(clock.now(), 6_007);
  clock.resume();
  machine += 1;
  assert.equal(clock.now(), 6_008);
});

test("a running clock loses nothing of the time that passes while it is moved", async () => {
  let machine = 5_000;
  const clock = new AdjustableClock({ machineNow: () => machine });
  const rung: number[] = [];
  const ring = (): void => {
    rung.push(clock.now());
    machine += 300;
  };
  clock.alarm(5_400, ring);
  clock.alarm(5_900, ring);
  await clock.advance(1_000);
  assert.deepEqual(rung, [5_400, 5_900]);
  assert.deepEqual(clock.state(), { mode: "running", nowMs: 6_600, offsetMs: 1_000 });
  clock.alarm(6_600, ring);
  await clock.settle();
  assert.deepEqual(clock.state(), { mode: "running", nowMs: 6_900, offsetMs: 1_000 });
  clock.alarm(6_900, ring);
  await clock.set(20_000);
  assert.equal(clock.now(), 20_300);
});

test("steady time is the machine's, wherever the clock stands, and never goes back", async () => {
  let machine = 5_000.7;
  const clock = new AdjustableClock({ frozenAtMs: 1, machineNow: () => machine });
  assert.equal(clock.steadyNow(), 5_000);
  await clock.set(9_000);
  assert.equal(clock.steadyNow(), 5_000);
  machine = 4_000;
  assert.equal(clock.steadyNow(), 5_000);
  machine = 6_000;
  assert.equal(clock.steadyNow(), 6_000);
});

test("what is frozen or resumed while it is moved stands or runs after that", async () => {
  let machine = 5_000;
  const clock = new AdjustableClock({ machineNow: () => machine });
  clock.alarm(5_400, () => {
    clock.freeze();
    machine += 300;
  });
  await clock.advance(1_000);
  machine += 100;
  assert.deepEqual(clock.state(), { mode: "frozen", nowMs: 6_000, offsetMs: 600 });
  clock.alarm(6_400, () => {
    clock.resume();
    machine += 300;
  });
  await clock.advance(1_000);
  machine += 100;
  assert.deepEqual(clock.state(), { mode: "running", nowMs: 7_400, offsetMs: 1_600 });
});

test("a running clock rings by itself", async () => {
  const clock = new AdjustableClock();
  await new Promise<void>((resolve) => {
    // Timers of the clock do not keep a process alive; this one does.
    const alive = setInterval(() => {}, 1_000);
    clock.alarm(clock.now() + 5, () => {
      clearInterval(alive);
      resolve();
    });
  });
  clock.close();
});

test("an alarm that is over when a suspended machine wakes rings soon after that", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let machineMs = 0;
  const clock = new AdjustableClock({ machineNow: () => machineMs });
  const rung: number[] = [];
  clock.alarm(3_600_000, () => void rung.push(clock.now()));
  // Timers do not run while the machine sleeps; its time does.
  machineMs += 7_200_000;
  t.mock.timers.tick(15_000);
  assert.deepEqual(rung, [7_200_000]);
  clock.close();
});

test("alarms ring in order whatever is set and cancelled", async () => {
  const program = fc.array(fc.record({ atMs: fc.nat(100), cancelled: fc.boolean() }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      const clock = new AdjustableClock({ frozenAtMs: 0 });
      const rung: number[] = [];
      const alarms = steps.map(({ atMs }) => clock.alarm(atMs, () => void rung.push(atMs)));
      for (const [index, { cancelled }] of steps.entries()) if (cancelled) alarms[index]?.cancel();
      await clock.advance(100);
      const expected = steps.filter(({ cancelled }) => !cancelled).map(({ atMs }) => atMs);
      assert.deepEqual(
        rung,
        expected.toSorted((a, b) => a - b),
      );
    }),
    seeded(50),
  );
});

test("an alarm that is due already rings while time stands still", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  let rungAtMs: number | undefined;
  clock.alarm(900, () => void (rungAtMs = clock.now()));
  assert.equal(rungAtMs, undefined);
  await afterTimers();
  assert.equal(rungAtMs, 1_000);
});

test("freezing does not keep an alarm that is due from ringing", async () => {
  let machineMs = 1_000;
  const clock = new AdjustableClock({ machineNow: () => machineMs });
  let hasRung = false;
  clock.alarm(1_001, () => void (hasRung = true));
  machineMs = 1_100;
  clock.freeze();
  await afterTimers();
  assert.equal(hasRung, true);
});

test("an alarm that fails does not stop time", async () => {
  let machineMs = 1_000;
  const clock = new AdjustableClock({ machineNow: () => machineMs });
  clock.alarm(2_000, () => Promise.reject(new Error("a bug")));
  await assert.rejects(clock.advance(5_000), /a bug/);
  assert.equal(clock.state().mode, "running");
  machineMs += 500;
  assert.equal(clock.now(), 2_500);
});

test("what is no time is refused and changes nothing", async () => {
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  for (const wrong of [Number.NaN, Infinity, -1, 0.5, 8.64e15 + 1]) {
    await assert.rejects(clock.set(wrong), RangeError);
    await assert.rejects(clock.advance(wrong), RangeError);
  }
  await assert.rejects(clock.advance(8.64e15), RangeError);
  assert.equal(clock.now(), 1_000);
});

/** Resolves when Node timers that are due have run; the clock's own do not keep the process. */
async function afterTimers(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => void setTimeout(resolve, 1));
  }
}
