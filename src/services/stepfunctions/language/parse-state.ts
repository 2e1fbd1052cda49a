import type {
  ChoiceState,
  DataFlow,
  FailState,
  MapState,
  ParallelState,
  PassState,
  QueryLanguage,
  ResultFlow,
  State,
  StateCommon,
  StateGraph,
  StateType,
  SucceedState,
  TaskState,
  WaitState,
} from "./definition.ts";
import { Fields } from "./fields.ts";
import type { Reading } from "./fields.ts";
import { memberOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { MAX_SECONDS } from "./limits.ts";
import { readChoiceRule } from "./parse-choice.ts";
import {
  assignField,
  jsonataTemplateField,
  numberField,
  pathField,
  payloadTemplateField,
  resourceField,
  resultPathField,
  staticResultField,
  templateField,
  textField,
} from "./parse-expressions.ts";
import type { OwnReference } from "./parse-expressions.ts";
import { errorHandling } from "./parse-handlers.ts";
import { readMapFields } from "./parse-map.ts";
import { parseTimestampMs } from "./timestamp.ts";

/** What the reading of a state depends on. */
export interface StateReading extends Reading {
  /** The query language of the whole state machine, which states without their own have. */
  readonly machineLanguage: QueryLanguage;
  /** Reads the states below a Parallel or Map. */
  readonly readGraph: (fields: Fields) => StateGraph;
}

/** Reads one state; what is wrong is in `reading.diagnostics`. Undefined when its type is unknown. */
export function readState(
  name: string,
  object: JsonObject,
  location: string,
  reading: StateReading,
): State | undefined {
  const language = languageOf(object, reading.machineLanguage);
  const fields = new Fields(object, location, { ...reading, language });
  const type = fields.option("Type", STATE_TYPES);
  const declared = fields.option("QueryLanguage", ["JSONPath", "JSONata"]);
  if (declared === "JSONPath" && reading.machineLanguage === "JSONata") {
    fields.report(
      "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
    );
  }
  const common: StateCommon = { name, comment: fields.text("Comment"), queryLanguage: language };
  if (type === undefined) {
    if (!fields.has("Type")) fields.report("These fields are required: [Type]");
    return undefined;
  }
  const state = readTyped(type, common, fields, reading.readGraph);
  fields.finish();
  return state;
}

const STATE_TYPES = [
  "Pass",
  "Task",
  "Choice",
  "Wait",
  "Succeed",
  "Fail",
  "Parallel",
  "Map",
] as const satisfies readonly StateType[];

/** The query language of a machine or state, or `inherited`. A name that is none counts as JSONata, as on AWS. */
export function languageOf(object: JsonObject, inherited: QueryLanguage): QueryLanguage {
  const declared = memberOf(object, "QueryLanguage");
  if (declared === undefined) return inherited;
  return declared === "JSONPath" ? "JSONPath" : "JSONata";
}

function readTyped(
  type: StateType,
  common: StateCommon,
  fields: Fields,
  readGraph: (fields: Fields) => StateGraph,
): State {
  switch (type) {
    case "Pass":
      return readPass(common, fields);
    case "Task":
      return readTask(common, fields);
    case "Choice":
      return readChoice(common, fields);
    case "Wait":
      return readWait(common, fields);
    case "Succeed":
      return readSucceed(common, fields);
    case "Fail":
      return readFail(common, fields);
    case "Parallel":
      return readParallel(common, fields, readGraph);
    case "Map":
      return readMap(common, fields, readGraph);
  }
}

function readPass(common: StateCommon, fields: Fields): PassState {
  return {
    ...common,
    type: "Pass",
    ...dataFlow(fields),
    parameters: payloadTemplateField(fields, "Parameters"),
    resultSelector: undefined,
    resultPath: resultPathField(fields),
    result: staticResultField(fields),
    assign: assignField(fields),
    next: transition(fields),
  };
}

function readTask(common: StateCommon, fields: Fields): TaskState {
  const task: TaskState = {
    ...common,
    type: "Task",
    resource: resourceField(fields),
    ...dataFlow(fields, "$states.result"),
    ...resultFlow(fields),
    arguments: jsonataTemplateField(fields, "Arguments"),
    timeoutSeconds: numberField(fields, "TimeoutSeconds", { minimum: 1, maximum: MAX_SECONDS }),
    heartbeatSeconds: numberField(fields, "HeartbeatSeconds", { minimum: 1, maximum: MAX_SECONDS }),
    credentials: templateField(fields, "Credentials"),
    assign: assignField(fields, "$states.result"),
    ...errorHandling(fields),
    next: transition(fields),
  };
  const { timeoutSeconds, heartbeatSeconds } = task;
  if (timeoutSeconds?.kind === "literal" && heartbeatSeconds?.kind === "literal") {
    if (heartbeatSeconds.value >= timeoutSeconds.value) {
      fields.report(
        "HeartbeatSeconds must be smaller than TimeoutSeconds",
        fields.at("HeartbeatSeconds"),
      );
    }
  }
  return task;
}

function readChoice(common: StateCommon, fields: Fields): ChoiceState {
  fields.require("Choices");
  return {
    ...common,
    type: "Choice",
    ...dataFlow(fields),
    choices: (fields.list("Choices") ?? []).map(readChoiceRule),
    default: fields.text("Default"),
    assign: assignField(fields),
  };
}

function readWait(common: StateCommon, fields: Fields): WaitState {
  return {
    ...common,
    type: "Wait",
    ...dataFlow(fields),
    until: readUntil(fields),
    assign: assignField(fields),
    next: transition(fields),
  };
}

const WAIT_FIELDS = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"] as const;

function readUntil(fields: Fields): WaitState["until"] {
  const present = WAIT_FIELDS.filter((name) => fields.has(name));
  if (present.length === 0)
    fields.report(`One of the following fields is required: [${WAIT_FIELDS.join(", ")}]`);
  fields.exclude(...present);
  if (present.length > 1) return ZERO_SECONDS;
  if (fields.has("Timestamp") || fields.has("TimestampPath")) {
    const timestamp = textField(fields, "Timestamp", { path: "reference" });
    if (timestamp?.kind === "literal" && parseTimestampMs(timestamp.value) === undefined) {
      fields.report("Value is not a valid timestamp", fields.at("Timestamp"));
    }
    if (timestamp !== undefined) return { kind: "timestamp", timestamp };
  }
  const seconds = numberField(fields, "Seconds", { minimum: 0, maximum: MAX_SECONDS });
  return seconds === undefined ? ZERO_SECONDS : { kind: "seconds", seconds };
}

const ZERO_SECONDS: WaitState["until"] = {
  kind: "seconds",
  seconds: { kind: "literal", value: 0 },
};

function readSucceed(common: StateCommon, fields: Fields): SucceedState {
  return { ...common, type: "Succeed", ...dataFlow(fields), assign: undefined };
}

function readFail(common: StateCommon, fields: Fields): FailState {
  return {
    ...common,
    type: "Fail",
    error: textField(fields, "Error", { path: "reference or intrinsic" }),
    cause: textField(fields, "Cause", { path: "reference or intrinsic" }),
  };
}

function readParallel(
  common: StateCommon,
  fields: Fields,
  readGraph: (fields: Fields) => StateGraph,
): ParallelState {
  fields.require("Branches");
  return {
    ...common,
    type: "Parallel",
    ...dataFlow(fields, "$states.result"),
    ...resultFlow(fields),
    arguments: jsonataTemplateField(fields, "Arguments"),
    branches: (fields.list("Branches") ?? []).map(readGraph),
    assign: assignField(fields, "$states.result"),
    ...errorHandling(fields),
    next: transition(fields),
  };
}

function readMap(
  common: StateCommon,
  fields: Fields,
  readGraph: (fields: Fields) => StateGraph,
): MapState {
  return {
    ...common,
    type: "Map",
    ...dataFlow(fields, "$states.result"),
    parameters: undefined,
    resultSelector: payloadTemplateField(fields, "ResultSelector"),
    resultPath: resultPathField(fields),
    ...readMapFields(fields, readGraph),
    assign: assignField(fields, "$states.result"),
    ...errorHandling(fields),
    next: transition(fields),
  };
}

function dataFlow(fields: Fields, own?: OwnReference): Omit<DataFlow, "assign"> {
  return {
    inputPath: pathField(fields, "InputPath"),
    outputPath: pathField(fields, "OutputPath"),
    output: jsonataTemplateField(fields, "Output", own),
  };
}

function resultFlow(fields: Fields): ResultFlow {
  return {
    parameters: payloadTemplateField(fields, "Parameters"),
    resultSelector: payloadTemplateField(fields, "ResultSelector"),
    resultPath: resultPathField(fields),
  };
}

/** Next, or undefined for End. */
function transition(fields: Fields): string | undefined {
  const next = fields.text("Next");
  const isEnd = fields.boolean("End") === true;
  if (isEnd) fields.exclude("Next", "End");
  else if (!fields.has("Next"))
    fields.report("One of the following fields is required: [Next, End]");
  return isEnd ? undefined : next;
}
