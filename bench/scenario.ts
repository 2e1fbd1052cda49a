import type { BareServer, Waystation } from "./servers.ts";

/** One thing that is measured, in a file of its own; `bench.ts` lists them. */
export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<Measure[]>;
}

/** What a scenario gets: servers in processes of their own, and how much it may do. */
export interface Bench {
  /** About how long one measurement runs. */
  readonly durationMs: number;
  /** True when backlogs are a tenth of what the goals speak of. */
  readonly isQuick: boolean;
  /** Starts a Waystation on the chosen store, without any data; `bench.ts` stops what is left. */
  startWaystation(): Promise<Waystation>;
  /** Starts the yardstick: node:http that parses the same JSON and answers a constant. */
  startBareServer(): Promise<BareServer>;
}

/** One row of the table. */
export interface Measure {
  readonly what: string;
  readonly value: number;
  readonly unit: "/s" | "ms" | "MB" | "% of a core" | "B";
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Processor time of the server for each, in microseconds: less moved by what else runs. */
  readonly cpuUs?: number;
  /** This value as a multiple of another one of the same run. */
  readonly ratio?: { readonly of: string; readonly value: number };
  readonly goal?: Goal;
}

/** What the row should be, and whether it is. */
export interface Goal {
  readonly text: string;
  readonly isMet: boolean;
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
