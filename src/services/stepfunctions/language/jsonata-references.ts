/**
 * The names that an expression uses and that mean nothing in a state: field names, `$`, `*` and the like at
 * the top level, where there is no context value; `$$` anywhere; and `$states.result` and
 * `$states.errorOutput`, which some fields alone have. `ast` is what the jsonata library's parser makes.
 */
export function unsupportedNames(ast: unknown): readonly string[] {
  const names = new Set<string>();
  walk(ast, true, names);
  return [...names];
}

type Node = Readonly<Record<string, unknown>>;

/** `isTop` says that the context value of `value` is that of the whole expression. */
function walk(value: unknown, isTop: boolean, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, isTop, names);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  // The library's nodes are plain objects.
  const node = value as Node;
  if (node["type"] === "path" && Array.isArray(node["steps"])) {
    walkPath(node, node["steps"], isTop, names);
    return;
  }
  note(node, isTop, names);
  if (node["type"] === "transform") {
    walk(node["pattern"], false, names);
    walk(node["update"], false, names);
    walk(node["delete"], false, names);
    return;
  }
  for (const part of SAME_CONTEXT) walk(node[part], isTop, names);
  for (const part of OWN_CONTEXT) walk(node[part], false, names);
}

/** The parts of a node that are evaluated with the node's own context value. */
const SAME_CONTEXT = [
  "lhs",
  "rhs",
  "expression",
  "expressions",
  "condition",
  "then",
  "else",
  "arguments",
  "procedure",
  "body",
];

/** The parts that are evaluated for each value that the node finds. */
const OWN_CONTEXT = ["predicate", "stages", "group", "expr", "terms"];

function walkPath(path: Node, steps: readonly unknown[], isTop: boolean, names: Set<string>): void {
  for (const [index, step] of steps.entries()) walk(step, isTop && index === 0, names);
  walk(path["group"], false, names);
  const [first, second] = steps as readonly (Node | undefined)[];
  if (first?.["type"] !== "variable" || first["value"] !== "states") return;
  const member = second?.["value"];
  if (member === "result" || member === "errorOutput") names.add(`$states.${member}`);
}

function note(node: Node, isTop: boolean, names: Set<string>): void {
  const { type, value } = node;
  if (type === "variable" && value === "$") names.add("$$");
  if (!isTop) return;
  if (type === "variable" && value === "") names.add("$");
  if (type === "name" && typeof value === "string") names.add(value);
  if (type === "wildcard") names.add("*");
  if (type === "descendant") names.add("**");
  if (type === "parent") names.add("%");
}
