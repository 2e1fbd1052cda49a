import { LITERAL_OPERATORS, VALUE_OPERATORS } from "./definition.ts";
import type {
  ChoiceCondition,
  ChoiceRule,
  ComparisonOperator,
  DataTest,
  FieldSource,
} from "./definition.ts";
import type { Fields } from "./fields.ts";
import { checkPath } from "./json-path.ts";
import type { Json } from "./json.ts";
import { assignField, expressionField, jsonataTemplateField } from "./parse-expressions.ts";
import { checkWildcards } from "./string-matches.ts";
import { parseTimestampMs } from "./timestamp.ts";

/** A rule of a Choice, at its top. */
export function readChoiceRule(fields: Fields): ChoiceRule {
  fields.require("Next");
  const rule: ChoiceRule = {
    condition: readCondition(fields),
    next: fields.text("Next") ?? "",
    comment: fields.text("Comment"),
    output: jsonataTemplateField(fields, "Output"),
    assign: assignField(fields),
  };
  fields.finish();
  return rule;
}

const FALSE: ChoiceCondition = { kind: "jsonata", expression: false };

function readCondition(fields: Fields): ChoiceCondition {
  if (fields.reading.language === "JSONPath") {
    fields.only("JSONata", "Condition");
    return readDataTest(fields);
  }
  for (const name of ["Variable", "And", "Or", "Not", ...OPERATOR_FIELDS])
    fields.only("JSONPath", name);
  fields.require("Condition");
  const value = fields.value("Condition");
  if (value === undefined) return FALSE;
  if (typeof value === "boolean") return { kind: "jsonata", expression: value };
  const expression = expressionField(fields, "Condition");
  if (expression !== undefined) return { kind: "jsonata", expression };
  fields.report("Value must be a boolean or a JSONata expression", fields.at("Condition"));
  return FALSE;
}

/** The names of all fields that hold an operator. */
const OPERATOR_FIELDS: readonly string[] = [
  ...VALUE_OPERATORS.flatMap((name) => [name, `${name}Path`]),
  ...LITERAL_OPERATORS,
];

/** What stands for a test that is none; the definition is refused then. */
const NO_TEST: DataTest = { kind: "or", tests: [] };

function readDataTest(fields: Fields): DataTest {
  const kinds = ["And", "Or", "Not", ...OPERATOR_FIELDS].filter((name) => fields.has(name));
  const [kind] = kinds;
  if (kind === undefined) {
    fields.report("A choice rule must have a comparison operator, And, Or or Not");
    fields.value("Variable");
    return NO_TEST;
  }
  fields.exclude(...kinds);
  if (kind === "And" || kind === "Or") {
    const tests = (fields.list(kind) ?? []).map(readNested);
    return { kind: kind === "And" ? "and" : "or", tests };
  }
  if (kind === "Not") {
    const negated = fields.fields("Not");
    return negated === undefined ? NO_TEST : { kind: "not", test: readNested(negated) };
  }
  return readComparison(fields, kind);
}

/** A condition within And, Or or Not: it leads nowhere itself. */
function readNested(fields: Fields): DataTest {
  const test = readDataTest(fields);
  fields.text("Comment");
  fields.finish();
  return test;
}

function readComparison(fields: Fields, field: string): DataTest {
  fields.require("Variable");
  const variable = comparedPath(fields, "Variable");
  const literal = [...VALUE_OPERATORS, ...LITERAL_OPERATORS].find((name) => name === field);
  if (literal !== undefined) {
    return {
      kind: "comparison",
      variable,
      operator: literal,
      operand: literalOperand(fields, literal),
    };
  }
  const operator = VALUE_OPERATORS.find((name) => `${name}Path` === field) ?? "StringEquals";
  const operand: FieldSource<Json> = { kind: "path", path: comparedPath(fields, field), field };
  return { kind: "comparison", variable, operator, operand };
}

function comparedPath(fields: Fields, name: string): string {
  const path = fields.text(name) ?? "$";
  if (checkPath(path) !== undefined)
    fields.report("Value must be a valid JSONPath.", fields.at(name));
  return path;
}

function literalOperand(fields: Fields, operator: ComparisonOperator): FieldSource<Json> {
  const value = literalValue(fields, operator);
  return { kind: "literal", value: value ?? null };
}

function literalValue(fields: Fields, operator: ComparisonOperator): Json | undefined {
  if (operator.startsWith("Is") || operator === "BooleanEquals") return fields.boolean(operator);
  if (operator.startsWith("Numeric")) return fields.number(operator);
  const text = fields.text(operator);
  if (text === undefined) return undefined;
  if (operator.startsWith("Timestamp") && parseTimestampMs(text) === undefined) {
    fields.report("Value is not a valid timestamp", fields.at(operator));
  }
  if (operator === "StringMatches" && checkWildcards(text) !== undefined) {
    fields.report("Value is not a valid pattern", fields.at(operator));
  }
  return text;
}
