/*
 * A process that ends stops its threads wherever they are. One that is in the middle of an LMDB
 * transaction then holds the file's lock for ever, and LMDB's own clean-up waits for it: the process
 * never ends. So its end waits until the thread is through, and lets it begin no more.
 */

const OPEN = 0;
const TAKEN = 1;
const SHUT = 2;

/** Longer than the largest transaction takes on a slow disk, in milliseconds. */
const LONGEST_WAIT_MS = 10_000;

/** Shared by the thread that passes through it and the one that ends the process. */
export type ExitGate = Int32Array<SharedArrayBuffer>;

/** Gates that are shut when the process ends. */
const gates = new Set<ExitGate>();

/** A new gate, shut when the process ends, for one thread. */
export function openGate(): ExitGate {
  const gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  if (gates.size === 0) process.on("exit", shutAll);
  gates.add(gate);
  return gate;
}

/** Forgets a gate whose thread is gone. */
export function removeGate(gate: ExitGate): void {
  gates.delete(gate);
  if (gates.size === 0) process.off("exit", shutAll);
}

/** Runs what must not be cut short, at once. False, without having run it, when the process ends. */
export function passGate(gate: ExitGate, action: () => void): boolean {
  if (Atomics.compareExchange(gate, 0, OPEN, TAKEN) !== OPEN) return false;
  try {
    action();
  } finally {
    Atomics.store(gate, 0, OPEN);
    Atomics.notify(gate, 0);
  }
  return true;
}

function shutAll(): void {
  for (const gate of gates) {
    while (Atomics.compareExchange(gate, 0, OPEN, SHUT) === TAKEN) {
      if (Atomics.wait(gate, 0, TAKEN, LONGEST_WAIT_MS) === "timed-out") break;
    }
  }
}
