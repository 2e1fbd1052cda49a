/**
 * Preloaded into measured processes: answers each message of the parent with what the process has
 * used so far.
 */
export interface Usage {
  /** Processor time of all threads, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() };
  process.send?.(usage);
});
