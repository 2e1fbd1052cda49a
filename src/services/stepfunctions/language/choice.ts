import type {
  ChoiceCondition,
  ChoiceState,
  Comparison,
  ComparisonOperator,
  DataTest,
} from "./definition.ts";
import { StatesError } from "./errors.ts";
import { findPath } from "./json-path.ts";
import type { Json } from "./json.ts";
import { evaluateJsonata, unexpectedResult } from "./jsonata.ts";
import type { EvaluationScope } from "./scope.ts";
import { matchesWildcards } from "./string-matches.ts";
import { parseTimestampMs } from "./timestamp.ts";

/**
 * The index of the first rule of `state.choices` whose condition holds, or undefined: then the default
 * applies, or States.NoChoiceMatched. Throws States.Runtime (a path that finds nothing) and
 * States.QueryEvaluationError.
 */
export async function chooseRule(
  state: ChoiceState,
  scope: EvaluationScope,
): Promise<number | undefined> {
  for (const [index, rule] of state.choices.entries()) {
    if (await isTrue(rule.condition, scope, `Choices[${index}]/Condition`)) return index;
  }
  return undefined;
}

async function isTrue(
  condition: ChoiceCondition,
  scope: EvaluationScope,
  field: string,
): Promise<boolean> {
  if (condition.kind !== "jsonata") return holds(condition, scope);
  const { expression } = condition;
  if (typeof expression === "boolean") return expression;
  const value = await evaluateJsonata(expression, scope, field);
  if (typeof value !== "boolean")
    throw unexpectedResult({ expression, field, expected: "boolean", value });
  return value;
}

function holds(test: DataTest, scope: EvaluationScope): boolean {
  switch (test.kind) {
    case "and":
      return test.tests.every((part) => holds(part, scope));
    case "or":
      return test.tests.some((part) => holds(part, scope));
    case "not":
      return !holds(test.test, scope);
    case "comparison":
      return compares(test, scope);
  }
}

function compares({ variable, operator, operand }: Comparison, scope: EvaluationScope): boolean {
  const value = findPath(variable, scope);
  if (operator === "IsPresent") return (value !== undefined) === literalOf(operand);
  if (value === undefined) throw invalidPath(variable);
  if (operand.kind !== "path") return test(operator, value, literalOf(operand));
  const other = findPath(operand.path, scope);
  if (other === undefined) throw invalidPath(operand.path);
  return test(operator, value, other);
}

function literalOf(operand: Comparison["operand"]): Json {
  return operand.kind === "literal" ? operand.value : null;
}

function invalidPath(path: string): StatesError {
  return new StatesError(
    "States.Runtime",
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  );
}

/** Values of another type than the operator's make the comparison false. */
function test(
  operator: Exclude<ComparisonOperator, "IsPresent">,
  value: Json,
  other: Json,
): boolean {
  switch (operator) {
    case "IsBoolean":
      return (typeof value === "boolean") === other;
    case "IsNull":
      return (value === null) === other;
    case "IsNumeric":
      return (typeof value === "number") === other;
    case "IsString":
      return (typeof value === "string") === other;
    case "IsTimestamp":
      return (timestampOf(value) !== undefined) === other;
    case "BooleanEquals":
      return typeof value === "boolean" && value === other;
    case "StringMatches":
      return (
        typeof value === "string" && typeof other === "string" && matchesWildcards(value, other)
      );
    default:
      return testOrder(operator, value, other);
  }
}

type OrderOperator = Extract<
  ComparisonOperator,
  `${"Numeric" | "String" | "Timestamp"}${"Equals" | "LessThan" | "GreaterThan"}${"" | "Equals"}`
>;

function testOrder(operator: OrderOperator, value: Json, other: Json): boolean {
  const order = orderOf(operator, value, other);
  if (order === undefined) return false;
  if (operator.endsWith("LessThan")) return order < 0;
  if (operator.endsWith("LessThanEquals")) return order <= 0;
  if (operator.endsWith("GreaterThan")) return order > 0;
  if (operator.endsWith("GreaterThanEquals")) return order >= 0;
  return order === 0;
}

/** Negative, zero or positive; undefined when one of the values is not of the operator's type. */
function orderOf(operator: OrderOperator, value: Json, other: Json): number | undefined {
  if (operator.startsWith("Numeric")) {
    return typeof value === "number" && typeof other === "number" ? value - other : undefined;
  }
  if (operator.startsWith("String")) {
    if (typeof value !== "string" || typeof other !== "string") return undefined;
    return value < other ? -1 : Number(value > other);
  }
  const [left, right] = [timestampOf(value), timestampOf(other)];
  return left === undefined || right === undefined ? undefined : left - right;
}

function timestampOf(value: Json): number | undefined {
  return typeof value === "string" ? parseTimestampMs(value) : undefined;
}
