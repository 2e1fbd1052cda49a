import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import type { Measure } from "./scenario.ts";

const COLUMNS = ["what", "value", "p50 ms", "p99 ms", "CPU µs", "ratio", "goal", ""] as const;

/** The measures as a Markdown table, which is also easy to read in a terminal. */
export function tableOf(measures: readonly Measure[]): string {
  const rows = [COLUMNS, COLUMNS.map(() => ""), ...measures.map(cellsOf)];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row, index) => {
    const cells = widths.map((width, column) =>
      index === 1 ? "-".repeat(Math.max(width, 3)) : (row[column] ?? "").padEnd(width),
    );
    return `| ${cells.join(" | ")} |`;
  });
  return lines.join("\n");
}

/** The whole page: where and what was measured, and the table. */
export function pageOf(
  measures: readonly Measure[],
  facts: { readonly store: string; readonly isQuick: boolean; readonly date: string },
): string {
  const machine = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Measurements

Written by \`npm run bench\`. Ratios are of one run, so they say more than the numbers beside them.

- machine: ${machine.length} x ${machine[0]?.model ?? "unknown"}, ${memory}, ${process.platform} ${process.arch}
- load average of ${numberOf(loadavg()[0] ?? NaN)} at the end: what is over 1 to 2 is others' work, which slows all of this
- Node ${process.version}, commit ${commit()}, ${facts.date}
- store ${facts.store}${facts.isQuick ? ", quick: backlogs are a tenth of the full run's" : ""}

${tableOf(measures)}
`;
}

function cellsOf({ what, value, unit, p50Ms, p99Ms, cpuUs, ratio, goal }: Measure): string[] {
  return [
    what,
    `${numberOf(value)} ${unit}`.replace(" /s", "/s"),
    p50Ms === undefined ? "" : numberOf(p50Ms),
    p99Ms === undefined ? "" : numberOf(p99Ms),
    cpuUs === undefined ? "" : numberOf(cpuUs),
    ratio === undefined ? "" : `${ratio.value.toFixed(2)} of ${ratio.of}`,
    goal?.text ?? "",
    goal === undefined ? "" : goal.isMet ? "met" : "MISSED",
  ];
}

function numberOf(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function commit(): string {
  const git = (...words: string[]): string => execFileSync("git", words, { encoding: "utf8" });
  try {
    const isChanged = git("status", "--porcelain", "--", "src").trim() !== "";
    return git("rev-parse", "--short", "HEAD").trim() + (isChanged ? " with changes" : "");
  } catch {
    return "unknown";
  }
}
