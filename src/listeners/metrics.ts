/** Upper bounds of the latency buckets, in seconds. */
const BUCKETS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

interface OperationMetrics {
  errors: number;
  count: number;
  sumS: number;
  /** Calls per bucket, each in the first bound that is not less. */
  readonly buckets: number[];
}

/** Counts calls per operation; cheap enough for every call. */
export class Metrics {
  readonly #services = new Map<string, Map<string, OperationMetrics>>();

  /** A moment to measure from, in milliseconds of no epoch. */
  start(): number {
    return performance.now();
  }

  /** Counts a call that began at `startMs`. Names are the model's, so that their number is bounded. */
  record(service: string, operation: string, call: { startMs: number; failed: boolean }): void {
    const seconds = (performance.now() - call.startMs) / 1000;
    const metrics = this.#of(service, operation);
    metrics.count += 1;
    metrics.sumS += seconds;
    if (call.failed) metrics.errors += 1;
    let bucket = 0;
    while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] ?? Infinity)) bucket += 1;
    metrics.buckets[bucket] = (metrics.buckets[bucket] ?? 0) + 1;
  }

  /**
   * All counts in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/),
   * with how much work is dead, by kind, where that is known.
   */
  text(deadWork: Readonly<Record<string, number>> = {}): string {
    const calls: string[] = [];
    const errors: string[] = [];
    const seconds: string[] = [];
    for (const [service, operations] of this.#services) {
      for (const [operation, metrics] of operations) {
        const labels = `service="${service}",operation="${operation}"`;
        calls.push(`waystation_calls_total{${labels}} ${metrics.count}`);
        errors.push(`waystation_call_errors_total{${labels}} ${metrics.errors}`);
        seconds.push(...histogram(labels, metrics));
      }
    }
    const dead = Object.entries(deadWork).map(
      ([kind, count]) => `waystation_dead_work{kind="${kind}"} ${count}`,
    );
    const lines = [
      ...family("waystation_dead_work", "gauge", "Work that was given up.", dead),
      ...family("waystation_calls_total", "counter", "Calls answered.", calls),
      ...family("waystation_call_errors_total", "counter", "Calls answered with an error.", errors),
      ...family("waystation_call_seconds", "histogram", "Time until the answer.", seconds),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }

  #of(service: string, operation: string): OperationMetrics {
    let operations = this.#services.get(service);
    if (operations === undefined) this.#services.set(service, (operations = new Map()));
    let metrics = operations.get(operation);
    if (metrics === undefined) {
      metrics = {
        errors: 0,
        count: 0,
        sumS: 0,
        buckets: Array.from({ length: BUCKETS_S.length + 1 }, () => 0),
      };
      operations.set(operation, metrics);
    }
    return metrics;
  }
}

function family(name: string, type: string, help: string, samples: string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
}

function histogram(labels: string, { buckets, count, sumS }: OperationMetrics): string[] {
  let below = 0;
  const lines = BUCKETS_S.map((bound, index) => {
    below += buckets[index] ?? 0;
    return `waystation_call_seconds_bucket{${labels},le="${bound}"} ${below}`;
  });
  return [
    ...lines,
    `waystation_call_seconds_bucket{${labels},le="+Inf"} ${count}`,
    `waystation_call_seconds_sum{${labels}} ${sumS}`,
    `waystation_call_seconds_count{${labels}} ${count}`,
  ];
}
