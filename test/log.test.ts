import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../src/log.ts";

test("entries below the level are dropped", () => {
  const lines: string[] = [];
  const log = createLog({ level: "warn", format: "text", write: (line) => lines.push(line) });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.deepEqual(
    lines.map((line) => line.slice(25).trim()),
    ["warn  c", "error d"],
  );
});

test("a text entry is one line, whatever its fields hold", () => {
  const lines: string[] = [];
  const log = createLog({ level: "debug", format: "text", write: (line) => lines.push(line) });
  log.info("received", { queue: "a/b", text: "two\nlines", count: 3n, nothing: undefined });
  assert.match(
    lines.join(""),
    /^\S+Z info  received queue=a\/b text="two\\nlines" count="3" nothing=undefined\n$/,
  );
});

test("a JSON entry is one object, and an error in it keeps its stack", () => {
  const lines: string[] = [];
  const log = createLog({ level: "debug", format: "json", write: (line) => lines.push(line) });
  log.error("failed", { error: new Error("why") });
  assert.equal(lines.join("").split("\n").length, 2);
  const entry: unknown = JSON.parse(lines.join(""));
  const { level, message, error } = Object(entry);
  assert.deepEqual([level, message], ["error", "failed"]);
  assert.match(error, /^Error: why\n\s+at /);
});
