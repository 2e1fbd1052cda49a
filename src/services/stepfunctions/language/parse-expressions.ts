import { parseArn } from "../../../kernel/arn.ts";
import type { FieldSource } from "./definition.ts";
import type { Bounds, Fields } from "./fields.ts";
import type { IntrinsicName } from "./intrinsic-functions.ts";
import { checkIntrinsic, isIntrinsic } from "./intrinsics.ts";
import { checkPath } from "./json-path.ts";
import { isJsonArray, isJsonObject } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { checkJsonata, isMeantAsExpression, unsupportedReferences } from "./jsonata.ts";
import { MAX_VARIABLE_NAME_LENGTH } from "./limits.ts";
import { checkReferencePath, checkResultPath } from "./reference-path.ts";

/** InputPath and OutputPath: a path, or null; `$` when absent. */
export function pathField(fields: Fields, name: string): string | null {
  if (!fields.only("JSONPath", name)) return "$";
  if (fields.value(name) === null) return null;
  const path = fields.text(name) ?? "$";
  if (checkPath(path) !== undefined)
    fields.report("Value must be a valid JSONPath.", fields.at(name));
  return path;
}

/** ResultPath: a reference path into the input, or null; `$` when absent. */
export function resultPathField(fields: Fields): string | null {
  if (!fields.only("JSONPath", "ResultPath")) return "$";
  if (fields.value("ResultPath") === null) return null;
  const path = fields.text("ResultPath") ?? "$";
  if (checkResultPath(path) !== undefined)
    fields.report("Value is not a Reference Path", fields.at("ResultPath"));
  return path;
}

/** A field that holds a reference path to somewhere outside the context object: `SecondsPath` and the like. */
function referencePathField(fields: Fields, name: string): string {
  const path = fields.text(name) ?? "$";
  const isIntoContext = path.startsWith("$$");
  if (isIntoContext || checkReferencePath(path) !== undefined) {
    fields.report("Value is not a Reference Path", fields.at(name));
  }
  return path;
}

/** Resource: an ARN. */
export function resourceField(fields: Fields): string {
  fields.require("Resource");
  const resource = fields.text("Resource");
  if (resource !== undefined && parseArn(resource) === undefined) {
    fields.report("Value is not a valid resource ARN", fields.at("Resource"));
  }
  return resource ?? "";
}

/** A number that may also come from a path (in the field `name` + `Path`) or from an expression. */
export function numberField(
  fields: Fields,
  name: string,
  expected: Bounds & { readonly type?: "integer" | "number" },
): FieldSource<number> | undefined {
  const pathName = `${name}Path`;
  fields.exclude(name, pathName);
  if (fields.only("JSONPath", pathName)) {
    return { kind: "path", path: referencePathField(fields, pathName), field: pathName };
  }
  const expression = expressionField(fields, name);
  if (expression !== undefined) return { kind: "jsonata", expression };
  const value =
    expected.type === "number" ? fields.number(name, expected) : fields.integer(name, expected);
  return value === undefined ? undefined : { kind: "literal", value };
}

/** A text that may also come from a path, which may be an intrinsic function for some fields, or an expression. */
export function textField(
  fields: Fields,
  name: string,
  expected: { readonly path: "reference" | "reference or intrinsic" },
): FieldSource<string> | undefined {
  const pathName = `${name}Path`;
  fields.exclude(name, pathName);
  if (fields.only("JSONPath", pathName)) {
    const path =
      expected.path === "reference"
        ? referencePathField(fields, pathName)
        : textPathField(fields, pathName);
    return { kind: "path", path, field: pathName };
  }
  const expression = expressionField(fields, name);
  if (expression !== undefined) return { kind: "jsonata", expression };
  const value = fields.text(name);
  if (value === undefined) return undefined;
  if (fields.reading.language === "JSONPath" && looksLikePath(value)) {
    fields.report(
      "Field value looks like a path, but field name does not end with 'Path'",
      fields.at(name),
      "NO_PATH",
    );
  }
  return { kind: "literal", value };
}

/** What Error and Cause of a Fail may be made with (Developer Guide, "Fail workflow state"). */
const TEXT_FUNCTIONS: ReadonlySet<string> = new Set<IntrinsicName>([
  "States.Format",
  "States.JsonToString",
  "States.ArrayGetItem",
  "States.Base64Encode",
  "States.Base64Decode",
  "States.Hash",
  "States.UUID",
]);

/** A field that holds a reference path, also into the context object, or a function that gives a text. */
function textPathField(fields: Fields, name: string): string {
  const text = fields.text(name) ?? "$";
  if (isIntrinsic(text)) {
    if (checkIntrinsic(text, TEXT_FUNCTIONS) !== undefined)
      reportTemplate(fields, name, fields.location);
  } else if (checkReferencePath(text) !== undefined) {
    fields.report("Value is not a Reference Path", fields.at(name));
  }
  return text;
}

/** The expression that a field of a JSONata state holds, checked; undefined when it holds something else. */
export function expressionField(fields: Fields, name: string): string | undefined {
  const value = fields.value(name);
  if (
    fields.reading.language !== "JSONata" ||
    typeof value !== "string" ||
    !isMeantAsExpression(value)
  ) {
    return undefined;
  }
  checkExpression(fields, value, { location: fields.at(name) });
  return value;
}

/** What some templates alone may use: the result where a state's work gave one, the error output in a Catch. */
export type OwnReference = "$states.result" | "$states.errorOutput";

/** A template of either language in a field that both have; in JSONPath it is an object. */
export function templateField(fields: Fields, name: string, own?: OwnReference): Json | undefined {
  const value = fields.reading.language === "JSONPath" ? fields.object(name) : fields.value(name);
  if (value !== undefined) checkTemplate(fields, value, { location: fields.at(name), own });
  return value;
}

/** A payload template in a field that JSONPath states alone have. */
export function payloadTemplateField(fields: Fields, name: string): Json | undefined {
  return fields.only("JSONPath", name) ? templateField(fields, name) : undefined;
}

/** A JSONata template in a field that JSONata states alone have. */
export function jsonataTemplateField(
  fields: Fields,
  name: string,
  own?: OwnReference,
): Json | undefined {
  return fields.only("JSONata", name) ? templateField(fields, name, own) : undefined;
}

const VARIABLE_NAME = /^\p{ID_Start}\p{ID_Continue}*$/u;

/** Assign: a template whose top fields are variables. */
export function assignField(fields: Fields, own?: OwnReference): JsonObject | undefined {
  const assign = fields.object("Assign");
  if (assign === undefined) return undefined;
  for (const field of Object.keys(assign)) {
    const problem = variableProblem(variableOf(fields, field));
    if (problem !== undefined) fields.report(problem, fields.at("Assign"));
  }
  templateField(fields, "Assign", own);
  return assign;
}

function variableOf(fields: Fields, field: string): string {
  return fields.reading.language === "JSONPath" && field.endsWith(".$")
    ? field.slice(0, -2)
    : field;
}

function variableProblem(name: string): string | undefined {
  if (name === "states") return "The variable name 'states' is reserved";
  if ([...name].length > MAX_VARIABLE_NAME_LENGTH) {
    return `The variable name '${name}' exceeds the maximum length of ${MAX_VARIABLE_NAME_LENGTH} characters`;
  }
  return VARIABLE_NAME.test(name)
    ? undefined
    : `The variable name '${name}' is not a valid identifier`;
}

/** Result of a Pass: it is taken as it is, which surprises whoever writes a path in it. */
export function staticResultField(fields: Fields): Json | undefined {
  if (!fields.only("JSONPath", "Result")) return undefined;
  const result = fields.value("Result");
  if (result !== undefined && hasPath(result)) {
    fields.report(
      "The result of a Pass state is static: a path in it is not evaluated",
      fields.at("Result"),
      "PASS_RESULT_IS_STATIC",
    );
  }
  return result;
}

function hasPath(value: Json): boolean {
  if (typeof value === "string") return looksLikePath(value);
  if (isJsonArray(value)) return value.some(hasPath);
  return (
    isJsonObject(value) &&
    Object.entries(value).some(([name, member]) => name.endsWith(".$") || hasPath(member))
  );
}

function looksLikePath(text: string): boolean {
  return (
    text === "$" ||
    text === "$$" ||
    text.startsWith("$.") ||
    text.startsWith("$$.") ||
    text.startsWith("$[")
  );
}

interface TemplatePlace {
  readonly location: string;
  readonly own?: OwnReference | undefined;
}

function checkTemplate(fields: Fields, value: Json, place: TemplatePlace): void {
  if (fields.reading.language === "JSONPath") checkPayloadTemplate(fields, value, place.location);
  else checkJsonataTemplate(fields, value, place);
}

function checkPayloadTemplate(fields: Fields, value: Json, location: string): void {
  if (isJsonArray(value)) {
    for (const [index, item] of value.entries())
      checkPayloadTemplate(fields, item, `${location}[${index}]`);
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (name.endsWith(".$")) checkDynamicMember(fields, { object: value, name, location });
      else if (typeof member !== "string")
        checkPayloadTemplate(fields, member, `${location}/${name}`);
      else if (
        looksLikePath(member) ||
        (isIntrinsic(member) && checkIntrinsic(member) === undefined)
      ) {
        fields.report(
          "No .$ on a field that appears to be a JSONPath or Intrinsic Function",
          `${location}/${name}`,
          "NO_DOLLAR",
        );
      }
    }
  }
}

function checkDynamicMember(
  fields: Fields,
  member: { readonly object: JsonObject; readonly name: string; readonly location: string },
): void {
  const { object, name, location } = member;
  const text = object[name];
  const isValid =
    typeof text === "string" &&
    (isIntrinsic(text) ? checkIntrinsic(text) : checkPath(text)) === undefined;
  if (!isValid) reportTemplate(fields, name, location);
  const plain = name.slice(0, -2);
  if (Object.hasOwn(object, plain)) {
    fields.report(
      `There should only be one of the following fields: [${plain}, ${name}]`,
      location,
    );
  }
}

function reportTemplate(fields: Fields, name: string, location: string): void {
  fields.report(
    `The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`,
    location,
  );
}

function checkJsonataTemplate(fields: Fields, value: Json, place: TemplatePlace): void {
  const { location } = place;
  if (typeof value === "string") {
    if (isMeantAsExpression(value)) checkExpression(fields, value, place);
  } else if (isJsonArray(value)) {
    for (const [index, item] of value.entries()) {
      checkJsonataTemplate(fields, item, { ...place, location: `${location}[${index}]` });
    }
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      checkJsonataTemplate(fields, member, { ...place, location: `${location}/${name}` });
    }
  }
}

/** Where names that mean nothing elsewhere belong, for the text that refuses them. */
const ONLY_IN: ReadonlyMap<string, string> = new Map<OwnReference, string>([
  ["$states.result", "outside of the Output and Assign of a Task, Parallel or Map"],
  ["$states.errorOutput", "outside of a Catch"],
]);

function checkExpression(
  fields: Fields,
  expression: string,
  { location, own }: TemplatePlace,
): void {
  const problem = checkJsonata(expression);
  if (problem !== undefined) {
    fields.report(problem, location, "INVALID_JSONATA_EXPRESSION");
    return;
  }
  for (const name of unsupportedReferences(expression)) {
    if (name === own) continue;
    fields.report(
      `Reference to '${name}' ${ONLY_IN.get(name) ?? "at the top level"} is not supported.`,
      location,
      "UNSUPPORTED_JSONATA_EXPRESSION",
    );
  }
}
