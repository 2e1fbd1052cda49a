import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { SpaceFacts } from "../src/kernel/spaces.ts";
import { KEY_SPACES, RETIRED_KEY_SPACES } from "./key-spaces.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface File {
  readonly path: string;
  readonly text: string;
}

function files(pattern: string): File[] {
  const paths = globSync(pattern, { cwd: root }).filter((path) => !path.endsWith(".gen.ts"));
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

const SOURCES = files("src/**/*.ts");
const ALL = [...SOURCES, ...files("{test,scripts,bench}/**/*.ts")];

/** The text without comments and strings, so that words in them do not count. */
function code(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/(^|\s)\/\/.*$/gm, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

/** Each import of a file of this project, as a path from the root. */
function imports({ path, text }: File): string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)];
  return specifiers.map((match) => normalize(join(dirname(path), match[1] ?? "")));
}

/** Lower layers have lower numbers; a file imports from its own layer or from lower ones. */
const LAYERS: readonly (readonly [start: string, layer: number])[] = [
  ["src/kernel/", 0],
  ["src/wire/", 1],
  ["src/outbound.ts", 1],
  ["src/stores/", 2],
  ["src/services/", 2],
  ["src/listeners/", 2],
  ["src/transfer.ts", 2],
  ["src/transfer-file.ts", 3],
  ["src/random.ts", 2],
  ["src/server-clock.ts", 2],
  ["src/service-options.ts", 2],
  ["src/log.ts", 2],
  ["src/version.ts", 2],
  ["src/server.ts", 3],
  ["src/config.ts", 4],
  ["src/index.ts", 4],
  ["src/cli.ts", 5],
];

function layerOf(path: string): number {
  const found = LAYERS.find(([start]) => path.startsWith(start));
  assert.ok(found, `${path} is in no layer: its job is unclear`);
  return found[1];
}

/** The part of a layer that its neighbours do not know: a service, the stores, the listeners. */
function partOf(path: string): string {
  return /^src\/(services\/[^/]+|[^/]+)/.exec(path)?.[1] ?? path;
}

test("imports go down the layers, and never sideways", () => {
  for (const file of SOURCES) {
    for (const imported of imports(file)) {
      const layer = layerOf(file.path);
      const isOwn = partOf(imported) === partOf(file.path);
      assert.ok(isOwn || layerOf(imported) < layer, `${file.path} imports ${imported}`);
    }
  }
});

/** The folders of Step Functions: each imports what stands before it, besides its own. */
const FLOORS = [
  "language",
  "interpreter",
  "integrations",
  "execution",
  "driver",
  "distributed",
  "test-state",
  "operations",
];

test("the folders of Step Functions do not import each other in circles", () => {
  const floorOf = (path: string): number =>
    FLOORS.indexOf(/^src\/services\/stepfunctions\/([^/]+)\//.exec(path)?.[1] ?? "");
  for (const file of SOURCES.filter(({ path }) => floorOf(path) >= 0))
    for (const imported of imports(file))
      assert.ok(floorOf(imported) <= floorOf(file.path), `${file.path} imports ${imported}`);
});

test("only their one file reads the time, chance, the environment, and writes to the console", () => {
  const rules: readonly (readonly [pattern: RegExp, allowed: readonly string[]])[] = [
    [/\bDate\.now\b|\bnew Date\(\)/, ["src/kernel/clock.ts"]],
    [/\bperformance\b/, ["src/listeners/metrics.ts", "src/stores/journal.ts"]],
    [/\bMath\.random\b/, []],
    [/\brandomBytes\b|\brandomUUID\b|\brandomFillSync\b|\brandomInt\b/, ["src/random.ts"]],
    [/\bprocess\.env\b/, ["src/config.ts"]],
    [/\bconsole\./, []],
    [/\bprocess\.stdout\b/, ["src/cli.ts"]],
    [/\bprocess\.stderr\b/, ["src/cli.ts", "src/log.ts"]],
    [/\bprocess\.exit\b/, ["src/cli.ts"]],
  ];
  for (const { path, text } of SOURCES) {
    for (const [pattern, allowed] of rules) {
      if (!allowed.includes(path)) assert.doesNotMatch(code(text), pattern, path);
    }
  }
});

test("a dependency is imported by one file", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(Object(Object(manifest).dependencies))) {
    const users = SOURCES.filter(({ text }) =>
      new RegExp(`(?:from|import)\\s*\\(?\\s*"${name}(?:/[^"]*)?"`).test(
        text.replaceAll(/^import type .*$/gm, ""),
      ),
    );
    const paths = users.map(({ path }) => path);
    assert.equal(paths.length, 1, `${name} is imported by ${paths.join(", ") || "nobody"}`);
  }
});

test("the number of a key space is used once", () => {
  const owners = new Map<number, string>();
  for (const { path, text } of SOURCES) {
    for (const match of text.matchAll(/\bspace\(\{\s*number:\s*([\d_]+)/g)) {
      const number = Number(match[1]?.replaceAll("_", ""));
      assert.equal(owners.get(number), undefined, `${path} uses the space ${number} again`);
      owners.set(number, path);
    }
  }
  assert.ok(owners.size > 5);
});

test("a key space keeps its number, its name and what its keys are made of", async () => {
  const numbers = new Set<number>();
  for (const { path, text } of SOURCES) {
    if (!/\bspace\(\{/.test(text)) continue;
    const module: object = await import(join(root, path));
    for (const { number, name, layout } of Object.values(module).filter(isSpace)) {
      const facts = [name, layout.join(" / ")].filter(Boolean).join(": ");
      assert.equal(facts, KEY_SPACES[number], `space ${number}: say a new one in key-spaces.ts`);
      assert.ok(!RETIRED_KEY_SPACES.has(number), `${path} uses the retired space ${number}`);
      numbers.add(number);
    }
  }
  const expected = Object.keys(KEY_SPACES).map(Number);
  const present = expected.filter((number) => !RETIRED_KEY_SPACES.has(number));
  assert.deepEqual(
    [...numbers].toSorted((one, other) => one - other),
    present,
  );
});

function isSpace(value: unknown): value is SpaceFacts {
  return typeof value === "object" && value !== null && "layout" in value && "number" in value;
}

test("no file or folder is a drawer", () => {
  const drawers = /^(utils?|helpers?|common|misc|base|shared|manager|info|data)(\.|$)/;
  for (const { path } of ALL) {
    for (const part of path.split("/")) assert.doesNotMatch(part, drawers, path);
  }
});

test("a file has at most 400 lines, and no line of it is for later", () => {
  for (const { path, text } of SOURCES) {
    assert.ok(text.split("\n").length <= 401, `${path} is too long`);
  }
  const later = new RegExp(
    ["FIX", "TO"].map((start) => `\\b${start}${start === "TO" ? "DO" : "ME"}\\b`).join("|"),
  );
  for (const { path, text } of ALL) assert.doesNotMatch(text, later, path);
});

test("nothing is a default export, a barrel, an enum, a namespace or a decorator", () => {
  for (const { path, text } of SOURCES) {
    const source = code(text);
    for (const pattern of [
      /\bexport default\b/,
      /\bexport \*/,
      /^\s*(?:export )?(?:declare )?(?:const )?enum\s/m,
      /^\s*(?:export )?(?:declare )?namespace\s/m,
      /^\s*@[A-Za-z]/m,
    ]) {
      assert.doesNotMatch(source, pattern, path);
    }
  }
});

test("every exported function and class has its sentence", () => {
  for (const { path, text } of SOURCES) {
    for (const match of text.matchAll(/^(.*)\nexport (?:async )?(?:function\*?|class) (\w+)/gm)) {
      const [, before = "", name = ""] = match;
      // An overload stands right after another.
      const isDocumented = before.trim().endsWith("*/") || before.trim().endsWith(";");
      assert.ok(
        isDocumented || before.startsWith("// oxlint"),
        `${name} in ${path} has no sentence`,
      );
    }
  }
});

test("every service, and every layer, says in a README what it is", () => {
  const folders = readdirSync(join(root, "src/services")).map((name) => `src/services/${name}`);
  for (const folder of folders) {
    assert.ok(existsSync(join(root, folder, "README.md")), `${folder} has no README.md`);
    assert.ok(existsSync(join(root, folder, "service.ts")), `${folder} has no service.ts`);
    assert.ok(existsSync(join(root, folder, "keys.ts")), `${folder} has no keys.ts`);
  }
});

test("a test stands in a folder that src has, too", () => {
  for (const { path } of files("test/**/*.test.ts")) {
    if (path.startsWith("test/torture/")) continue;
    const folder = dirname(path).replace(/^test/, "src");
    assert.ok(existsSync(join(root, folder)), `${path} tests no folder of src`);
  }
});
