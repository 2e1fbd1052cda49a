/** Everything that can be said of the repository without its tests; runs all, then names what failed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const CHECKS: readonly (readonly [name: string, command: string, ...words: string[]])[] = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings", "--report-unused-disable-directives"],
  ["types", "tsc", "-p", "."],
  ["generated models", "node", "scripts/generate.ts", "--check"],
  ["unused code", "knip"],
  ["house rules", "node", "--test", "--test-reporter=dot", "test/tidy.test.ts"],
  ["build", "node", "scripts/build.ts"],
  ["package", "publint", "--strict"],
];

const failed = CHECKS.filter(([name, command, ...words]) => {
  console.log(`== ${name}`);
  return spawnSync(command, words, { cwd: root, stdio: "inherit" }).status !== 0;
}).map(([name]) => name);

if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exitCode = 1;
} else {
  console.log("\nall checks passed");
}
