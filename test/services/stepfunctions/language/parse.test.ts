import assert from "node:assert/strict";
import { test } from "node:test";
import { toInvalidDefinitionMessage } from "../../../../src/services/stepfunctions/language/diagnostics.ts";
import { parseDefinition } from "../../../../src/services/stepfunctions/language/parse.ts";
import {
  bare,
  before,
  choice,
  DISTRIBUTED,
  distributedMap,
  fail,
  inlineMap,
  JSONATA,
  machineOf,
  pass,
  problemsOf,
  PROCESSOR,
  retry,
  SCHEMA,
  task,
  wait,
} from "./machines.ts";
import type { Fields } from "./machines.ts";

const onlyFor = (language: string, field: string, location = "/States/A"): string => {
  const set = language === "JSONata" ? "JSONPath" : "JSONata";
  return `${SCHEMA}The QueryLanguage is set to '${set}', but field '${field}' is only supported for the '${language}' QueryLanguage at ${location}`;
};
const template = (field: string, location: string): string =>
  `${SCHEMA}The value for the field '${field}' must be a valid JSONPath or a valid intrinsic function call at ${location}`;

const catching = (handler: Fields): Fields =>
  task({ End: false, Next: "B", Catch: [{ ErrorEquals: ["E"], Next: "B", ...handler }] });

/** Expressions where there is no result, with their places. */
const RESULTLESS: readonly (readonly [name: string, place: string, state: Fields])[] = [
  ["Arguments", "/Arguments/r", task({ Arguments: { r: "{% $states.result.a %}" } })],
  ["TimeoutSeconds", "/TimeoutSeconds", task({ TimeoutSeconds: "{% $states.result %}" })],
  ["a Catch", "/Catch[0]/Output", catching({ Output: "{% $states.result %}" })],
  ["a Pass", "/Output", pass({ Output: "{% $states.result %}" })],
  ["a Wait", "/Assign/r", wait({ Seconds: 1, Assign: { r: "{% $states.result %}" } })],
  ["ItemSelector", "/ItemSelector/r", inlineMap({ ItemSelector: { r: "{% $states.result %}" } })],
];

const REFUSED: readonly (readonly [name: string, machine: unknown, problems: readonly string[]])[] =
  [
    ["no text", "", ["MISSING_DESCRIPTION: The state machine definition is null or empty at null"]],
    ["a list", [], [`${SCHEMA}Expected value of type Object at /`]],
    ["nothing", {}, [`${SCHEMA}These fields are required: [StartAt, States] at /`]],
    [
      "no states",
      { StartAt: "A", States: {} },
      [`${SCHEMA}Minimum number of elements is 1 at /States`],
    ],
    [
      "an unknown field",
      machineOf(pass({}), { Start: 1 }),
      [`${SCHEMA}Field 'Start' is not supported at /`],
    ],
    [
      "an unknown version",
      machineOf(pass({}), { Version: "2.0" }),
      [`${SCHEMA}Value must be one of [1.0] at /Version`],
    ],
    [
      "no timeout at all",
      machineOf(pass({}), { TimeoutSeconds: 0 }),
      [`${SCHEMA}Minimum value is 1 at /TimeoutSeconds`],
    ],
    [
      "a state without type",
      machineOf({ End: true }),
      [`${SCHEMA}These fields are required: [Type] at /States/A`],
    ],
    [
      "a state of unknown type",
      machineOf({ Type: "Nap" }),
      [
        `${SCHEMA}Value must be one of [Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map] at /States/A/Type`,
      ],
    ],
    [
      "a state that is no object",
      machineOf([] as unknown as Fields),
      [`${SCHEMA}Expected value of type Object at /States/A`],
    ],
    [
      "a long name",
      { StartAt: "n".repeat(81), States: { ["n".repeat(81)]: pass({}) } },
      [
        `INVALID_STATE_NAME: The state name '${"n".repeat(81)}' must have 1 to 80 characters at /States/${"n".repeat(81)}`,
      ],
    ],
    [
      "nowhere to go",
      machineOf({ Type: "Pass" }),
      [`${SCHEMA}One of the following fields is required: [Next, End] at /States/A`],
    ],
    [
      "two ways",
      machineOf(pass({ Next: "A" })),
      [`${SCHEMA}There should only be one of the following fields: [Next, End] at /States/A`],
    ],
    [
      "a comment that is no text",
      machineOf(pass({ Comment: 1 })),
      [`${SCHEMA}Expected value of type String at /States/A/Comment`],
    ],

    // Transitions.
    [
      "missing and unreachable states",
      { StartAt: "pass1", States: { pass1: { Type: "Pass", Next: "pass3" }, pass2: pass({}) } },
      [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next",
        'MISSING_TRANSITION_TARGET: State "pass2" is not reachable. at /States/pass2',
      ],
    ],
    [
      "a loop without end",
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Next: "B" },
          B: { Type: "Pass", Next: "A" },
          C: { Type: "Pass", Next: "A" },
        },
      },
      ["MISSING_END_STATE: Workflow has no terminal state at null"],
    ],
    [
      "a target that is missing, and no end",
      machineOf({ Type: "Pass", Next: "NOPE" }),
      [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
        "MISSING_END_STATE: Workflow has no terminal state at null",
      ],
    ],
    [
      "missing targets of a Choice and a Catch",
      {
        StartAt: "C",
        States: {
          C: {
            Type: "Choice",
            Choices: [
              { Variable: "$", IsNull: true, Next: "X" },
              { Variable: "$", IsNull: false, Next: "T" },
            ],
            Default: "Y",
          },
          T: task({ Catch: [{ ErrorEquals: ["E"], Next: "Z" }] }),
        },
      },
      [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/C/Choices[0]/Next",
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/C/Default",
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/T/Catch[0]/Next",
      ],
    ],
    [
      "a start that is missing",
      { StartAt: "X", States: { A: pass({}) } },
      [
        "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: X at /StartAt",
        'MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A',
      ],
    ],
    [
      "a state out of a branch's reach",
      machineOf({
        Type: "Parallel",
        End: true,
        Branches: [{ StartAt: "X", States: { X: { Type: "Pass", Next: "A" }, Y: pass({}) } }],
      }),
      [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /States/A/Branches[0]/States/X/Next",
        'MISSING_TRANSITION_TARGET: State "Y" is not reachable. at /States/A/Branches[0]/States/Y',
      ],
    ],
    [
      "a name twice",
      machineOf({ Type: "Parallel", End: true, Branches: [PROCESSOR, PROCESSOR] }),
      ["DUPLICATE_STATE_NAME: Duplicate State name: P at /States/A/Branches[1]/States/P"],
    ],

    // Fields that a type does not have.
    ...["Pass", "Wait", "Choice", "Succeed", "Fail", "Map", "Parallel"].map(
      (type) =>
        [
          `TimeoutSeconds on ${type}`,
          before({ ...bare(type), TimeoutSeconds: 5 }),
          [`${SCHEMA}Field 'TimeoutSeconds' is not supported at /States/A`],
        ] as const,
    ),
    ...["Pass", "Wait", "Choice", "Succeed", "Fail"].flatMap((type) =>
      ["Retry", "Catch"].map(
        (field) =>
          [
            `${field} on ${type}`,
            before({ ...bare(type), [field]: [] }),
            [`${SCHEMA}Field '${field}' is not supported at /States/A`],
          ] as const,
      ),
    ),
    [
      "ResultPath on Wait",
      machineOf(wait({ Seconds: 1, ResultPath: "$.a" })),
      [`${SCHEMA}Field 'ResultPath' is not supported at /States/A`],
    ],
    [
      "End on Succeed",
      machineOf({ Type: "Succeed", End: true }),
      [`${SCHEMA}Field 'End' is not supported at /States/A`],
    ],
    [
      "Assign on Fail",
      machineOf(fail({ Assign: {} })),
      [`${SCHEMA}Field 'Assign' is not supported at /States/A`],
    ],
    [
      "Choice without Choices",
      before({ Type: "Choice", Default: "B" }),
      [`${SCHEMA}These fields are required: [Choices] at /States/A`],
    ],
    [
      "Parallel without Branches",
      machineOf({ Type: "Parallel", End: true }),
      [`${SCHEMA}These fields are required: [Branches] at /States/A`],
    ],
    [
      "Parallel without any branch",
      machineOf({ Type: "Parallel", Branches: [], End: true }),
      [`${SCHEMA}Minimum number of elements is 1 at /States/A/Branches`],
    ],
    [
      "Map without processor",
      machineOf({ Type: "Map", End: true }),
      [`${SCHEMA}These fields are required: [ItemProcessor] at /States/A`],
    ],
    [
      "Task without Resource",
      machineOf({ Type: "Task", End: true }),
      [`${SCHEMA}These fields are required: [Resource] at /States/A`],
    ],
    [
      "a Resource that is no ARN",
      machineOf(task({ Resource: "x" })),
      [`${SCHEMA}Value is not a valid resource ARN at /States/A/Resource`],
    ],

    // Query languages.
    ...[
      "InputPath",
      "OutputPath",
      "ResultPath",
      "Parameters",
      "ResultSelector",
      "TimeoutSecondsPath",
    ].map(
      (field) =>
        [
          `${field} in JSONata`,
          machineOf(task({ [field]: "$" }), JSONATA),
          [onlyFor("JSONPath", field)],
        ] as const,
    ),
    ...["Arguments", "Output"].map(
      (field) =>
        [
          `${field} in JSONPath`,
          machineOf(task({ [field]: {} })),
          [onlyFor("JSONata", field)],
        ] as const,
    ),
    [
      "Condition in JSONPath",
      before(choice({ Condition: true, Variable: "$", IsNull: true })),
      [onlyFor("JSONata", "Condition", "/States/A/Choices[0]")],
    ],
    [
      "Variable in JSONata",
      before(choice({ Condition: true, Variable: "$" }), JSONATA),
      [onlyFor("JSONPath", "Variable", "/States/A/Choices[0]")],
    ],
    [
      "JSONPath in a JSONata machine",
      machineOf(pass({ QueryLanguage: "JSONPath" }), JSONATA),
      [
        `${SCHEMA}'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A`,
      ],
    ],
    [
      "states of a JSONata Map in a JSONPath machine that are thought to be JSONata",
      machineOf(
        inlineMap({
          ...JSONATA,
          ItemProcessor: { StartAt: "P", States: { P: pass({ Output: 1 }) } },
        }),
      ),
      [onlyFor("JSONata", "Output", "/States/A/ItemProcessor/States/P")],
    ],
    [
      "QueryLanguage on a processor",
      machineOf(inlineMap({ ItemProcessor: { ...PROCESSOR, ...JSONATA } })),
      [`${SCHEMA}Field 'QueryLanguage' is not supported at /States/A/ItemProcessor`],
    ],

    // Paths and templates.
    [
      "a path without dollar",
      machineOf(pass({ OutputPath: "Test" })),
      [`${SCHEMA}Value must be a valid JSONPath. at /States/A/OutputPath`],
    ],
    ...["$.a[*]", "$$.a", "$v", "a", "$.a[-1]"].map(
      (path) =>
        [
          `${path} as ResultPath`,
          machineOf(pass({ ResultPath: path })),
          [`${SCHEMA}Value is not a Reference Path at /States/A/ResultPath`],
        ] as const,
    ),
    [
      "a text that is no path",
      machineOf(pass({ Parameters: { "Variable.$": "x" } })),
      [template("Variable.$", "/States/A/Parameters")],
    ],
    ...(
      [
        ["Parameters", task({ Parameters: "$.x" })],
        ["ResultSelector", task({ ResultSelector: ["x"] })],
        ["Credentials", task({ Credentials: "x" })],
        ["ItemSelector", inlineMap({ ItemSelector: [] })],
      ] satisfies [string, Fields][]
    ).map(
      ([field, state]) =>
        [
          `${field} that is no object`,
          machineOf(state),
          [`${SCHEMA}Expected value of type Object at /States/A/${field}`],
        ] as const,
    ),
    [
      "a call without all of its arguments",
      machineOf(pass({ Parameters: { "b.$": "States.Hash('a')" } })),
      [template("b.$", "/States/A/Parameters")],
    ],
    [
      "an unknown function",
      machineOf(pass({ Parameters: { a: [{ "b.$": "States.Nope()" }] } })),
      [template("b.$", "/States/A/Parameters/a[0]")],
    ],
    [
      "a path that is no text",
      machineOf(task({ ResultSelector: { "b.$": 1 } })),
      [template("b.$", "/States/A/ResultSelector")],
    ],
    [
      "a field with and without .$",
      machineOf(pass({ Parameters: { b: 1, "b.$": "$.b" } })),
      [
        `${SCHEMA}There should only be one of the following fields: [b, b.$] at /States/A/Parameters`,
      ],
    ],
    [
      "expressions that are none",
      machineOf(
        pass({ Output: { v: "{% phone %}", w: ["{% 1 + %}"], e: "{% $states.errorOutput %}" } }),
        JSONATA,
      ),
      [
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/A/Output/v",
        "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/w[0]",
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.errorOutput' outside of a Catch is not supported. at /States/A/Output/e",
      ],
    ],
    ...RESULTLESS.map(
      ([name, place, state]) =>
        [
          `$states.result in ${name}`,
          before(state, JSONATA),
          [
            `UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.result' outside of the Output and Assign of a Task, Parallel or Map is not supported. at /States/A${place}`,
          ],
        ] as const,
    ),
    [
      "expressions that are not opened or not closed",
      machineOf(
        task({ Arguments: { a: ["{% 1"], b: "{% 1" }, TimeoutSeconds: " {% 1 %}" }),
        JSONATA,
      ),
      ["Arguments/a[0]", "Arguments/b", "TimeoutSeconds"].map(
        (place) =>
          `INVALID_JSONATA_EXPRESSION: A JSONata expression must start with '{%' and end with '%}', without spaces around them at /States/A/${place}`,
      ),
    ],
    [
      "a broken condition",
      before(choice({ Condition: "{% ( %}" }), JSONATA),
      [
        'INVALID_JSONATA_EXPRESSION: Expected ")" before end of expression at /States/A/Choices[0]/Condition',
      ],
    ],

    // Variables.
    [
      "states as a variable",
      machineOf(pass({ Assign: { states: 1 } })),
      [`${SCHEMA}The variable name 'states' is reserved at /States/A/Assign`],
    ],
    [
      "a variable that is no name",
      machineOf(pass({ Assign: { "a-b": 1 } })),
      [`${SCHEMA}The variable name 'a-b' is not a valid identifier at /States/A/Assign`],
    ],
    [
      "a long variable",
      machineOf(pass({ Assign: { ["v".repeat(81)]: 1 } })),
      [
        `${SCHEMA}The variable name '${"v".repeat(81)}' exceeds the maximum length of 80 characters at /States/A/Assign`,
      ],
    ],
    [
      "a variable of an outer scope",
      machineOf(
        inlineMap({
          Assign: { "x.$": "$" },
          ItemProcessor: { StartAt: "P", States: { P: pass({ Assign: { x: 1 } }) } },
        }),
      ),
      [
        `${SCHEMA}The variable 'x' is assigned in an outer scope and can not be assigned in an inner one at /States/A/ItemProcessor/States/P`,
      ],
    ],

    // Retry and Catch.
    [
      "States.ALL beside others",
      machineOf(retry({ ErrorEquals: ["E", "States.ALL"] })),
      [
        `${SCHEMA}States.ALL must appear alone and at end of list at /States/A/Retry[0]/ErrorEquals[1]`,
      ],
    ],
    [
      "States.ALL before others",
      machineOf(
        task({
          Catch: [
            { ErrorEquals: ["States.ALL"], Next: "A" },
            { ErrorEquals: ["E"], Next: "A" },
          ],
        }),
      ),
      [
        `${SCHEMA}States.ALL must appear alone and at end of list at /States/A/Catch[0]/ErrorEquals[0]`,
      ],
    ],
    [
      "Retry without errors",
      machineOf(retry({})),
      [`${SCHEMA}These fields are required: [ErrorEquals] at /States/A/Retry[0]`],
    ],
    [
      "Retry of no errors",
      machineOf(retry({ ErrorEquals: [] })),
      [`${SCHEMA}Minimum number of elements is 1 at /States/A/Retry[0]/ErrorEquals`],
    ],
    [
      "Catch without target",
      machineOf(task({ Catch: [{ ErrorEquals: ["E"] }] })),
      [`${SCHEMA}These fields are required: [Next] at /States/A/Catch[0]`],
    ],
    [
      "a negative count",
      machineOf(retry({ ErrorEquals: ["E"], MaxAttempts: -1 })),
      [`${SCHEMA}Minimum value is 0 at /States/A/Retry[0]/MaxAttempts`],
    ],
    [
      "a count too high",
      machineOf(retry({ ErrorEquals: ["E"], MaxAttempts: 1e8 })),
      [`${SCHEMA}Maximum value is 99999999 at /States/A/Retry[0]/MaxAttempts`],
    ],
    [
      "no interval",
      machineOf(retry({ ErrorEquals: ["E"], IntervalSeconds: 0 })),
      [`${SCHEMA}Minimum value is 1 at /States/A/Retry[0]/IntervalSeconds`],
    ],
    [
      "a falling interval",
      machineOf(retry({ ErrorEquals: ["E"], BackoffRate: 0.9 })),
      [`${SCHEMA}Minimum value is 1.0 at /States/A/Retry[0]/BackoffRate`],
    ],
    [
      "a bound below the interval",
      machineOf(retry({ ErrorEquals: ["E"], IntervalSeconds: 5, MaxDelaySeconds: 5 })),
      [
        `${SCHEMA}MaxDelaySeconds must be greater than IntervalSeconds at /States/A/Retry[0]/MaxDelaySeconds`,
      ],
    ],
    [
      "some jitter",
      machineOf(retry({ ErrorEquals: ["E"], JitterStrategy: "SOME" })),
      [`${SCHEMA}Value must be one of [FULL, NONE] at /States/A/Retry[0]/JitterStrategy`],
    ],

    // Numbers and times.
    [
      "two timeouts",
      machineOf(task({ TimeoutSeconds: 1, TimeoutSecondsPath: "$.t" })),
      [
        `${SCHEMA}There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/A`,
      ],
    ],
    [
      "half a second",
      machineOf(task({ TimeoutSeconds: 0.5 })),
      [`${SCHEMA}Expected value of type Integer at /States/A/TimeoutSeconds`],
    ],
    [
      "a slow heartbeat",
      machineOf(task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 })),
      [
        `${SCHEMA}HeartbeatSeconds must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds`,
      ],
    ],
    [
      "no wait",
      machineOf(wait({})),
      [
        `${SCHEMA}One of the following fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/A`,
      ],
    ],
    [
      "two waits",
      machineOf(wait({ Seconds: 1, TimestampPath: "$.t" })),
      [
        `${SCHEMA}There should only be one of the following fields: [Seconds, TimestampPath] at /States/A`,
      ],
    ],
    [
      "a negative wait",
      machineOf(wait({ Seconds: -1 })),
      [`${SCHEMA}Minimum value is 0 at /States/A/Seconds`],
    ],
    [
      "a wait for a text",
      machineOf(wait({ Seconds: "5" })),
      [`${SCHEMA}Expected value of type Integer at /States/A/Seconds`],
    ],
    [
      "a wait for no time",
      machineOf(wait({ Timestamp: "2016-03-14 01:59:00Z" })),
      [`${SCHEMA}Value is not a valid timestamp at /States/A/Timestamp`],
    ],
    [
      "a wait by many",
      machineOf(wait({ SecondsPath: "$.a[*]" })),
      [`${SCHEMA}Value is not a Reference Path at /States/A/SecondsPath`],
    ],
    [
      "two causes",
      machineOf(fail({ Cause: "c", CausePath: "$.c" })),
      [
        `${SCHEMA}There should only be one of the following fields: [Cause, CausePath] at /States/A`,
      ],
    ],
    [
      "a cause that is no function",
      machineOf(fail({ CausePath: "States.Nope()" })),
      [template("CausePath", "/States/A")],
    ],
    [
      "a function as ErrorPath that gives no text",
      machineOf(fail({ ErrorPath: "States.Array(1)", CausePath: "$$.Execution.Id" })),
      [template("ErrorPath", "/States/A")],
    ],
    [
      "a query language that is none: it counts as JSONata",
      machineOf(pass({ Output: 1 }), { QueryLanguage: "JSONPATH" }),
      [`${SCHEMA}Value must be one of [JSONPath, JSONata] at /QueryLanguage`],
    ],
    [
      "a query language that is no text",
      machineOf(pass({ QueryLanguage: 5, Output: 1 })),
      [`${SCHEMA}Expected value of type String at /States/A/QueryLanguage`],
    ],

    // Choice rules.
    [
      "a rule without target",
      before({ Type: "Choice", Choices: [{ Variable: "$", IsNull: true }], Default: "B" }),
      [`${SCHEMA}These fields are required: [Next] at /States/A/Choices[0]`],
    ],
    [
      "a rule without test",
      before(choice({ Variable: "$" })),
      [
        `${SCHEMA}A choice rule must have a comparison operator, And, Or or Not at /States/A/Choices[0]`,
      ],
    ],
    [
      "a test of nothing",
      before(choice({ IsNull: true })),
      [`${SCHEMA}These fields are required: [Variable] at /States/A/Choices[0]`],
    ],
    [
      "two tests",
      before(choice({ Variable: "$", IsNull: true, StringEquals: "a" })),
      [
        `${SCHEMA}There should only be one of the following fields: [StringEquals, IsNull] at /States/A/Choices[0]`,
      ],
    ],
    [
      "a text as number",
      before(choice({ Variable: "$", NumericEquals: "1" })),
      [`${SCHEMA}Expected value of type Float at /States/A/Choices[0]/NumericEquals`],
    ],
    [
      "a number as text",
      before(choice({ Variable: "$", StringLessThan: 1 })),
      [`${SCHEMA}Expected value of type String at /States/A/Choices[0]/StringLessThan`],
    ],
    [
      "a text as truth",
      before(choice({ Variable: "$", IsPresent: "true" })),
      [`${SCHEMA}Expected value of type Boolean at /States/A/Choices[0]/IsPresent`],
    ],
    [
      "a day as timestamp",
      before(choice({ Variable: "$", TimestampEquals: "2020-01-01" })),
      [`${SCHEMA}Value is not a valid timestamp at /States/A/Choices[0]/TimestampEquals`],
    ],
    [
      "a broken pattern",
      before(choice({ Variable: "$", StringMatches: "a\\b" })),
      [`${SCHEMA}Value is not a valid pattern at /States/A/Choices[0]/StringMatches`],
    ],
    [
      "a compared text that is no path",
      before(choice({ Variable: "a", StringEqualsPath: "b" })),
      [
        `${SCHEMA}Value must be a valid JSONPath. at /States/A/Choices[0]/Variable`,
        `${SCHEMA}Value must be a valid JSONPath. at /States/A/Choices[0]/StringEqualsPath`,
      ],
    ],
    [
      "a nested target",
      before(choice({ Not: { Variable: "$", IsNull: true, Next: "B" } })),
      [`${SCHEMA}Field 'Next' is not supported at /States/A/Choices[0]/Not`],
    ],
    [
      "an empty And",
      before(choice({ And: [] })),
      [`${SCHEMA}Minimum number of elements is 1 at /States/A/Choices[0]/And`],
    ],
    [
      "a condition that is a text",
      before(choice({ Condition: "true" }), JSONATA),
      [
        `${SCHEMA}Value must be a boolean or a JSONata expression at /States/A/Choices[0]/Condition`,
      ],
    ],

    // Map.
    [
      "fewer than none at once",
      machineOf(inlineMap({ MaxConcurrency: -1 })),
      [`${SCHEMA}Minimum value is 0 at /States/A/MaxConcurrency`],
    ],
    [
      "MaxConcurrencyPath into the context",
      machineOf(inlineMap({ MaxConcurrencyPath: "$$.x" })),
      [`${SCHEMA}Value is not a Reference Path at /States/A/MaxConcurrencyPath`],
    ],
    [
      "MaxConcurrencyPath in JSONata",
      machineOf(inlineMap({ MaxConcurrencyPath: "$.x" }), JSONATA),
      [onlyFor("JSONPath", "MaxConcurrencyPath")],
    ],
    ["Items in JSONPath", machineOf(inlineMap({ Items: [] })), [onlyFor("JSONata", "Items")]],
    [
      "Items that are a text",
      machineOf(inlineMap({ Items: "x" }), JSONATA),
      [`${SCHEMA}Value must be an array, an object or a JSONata expression at /States/A/Items`],
    ],
    [
      "two selectors",
      machineOf(inlineMap({ ItemSelector: {}, Parameters: {} })),
      [
        `${SCHEMA}There should only be one of the following fields: [ItemSelector, Parameters] at /States/A`,
      ],
    ],
    [
      "two processors",
      machineOf(inlineMap({ Iterator: PROCESSOR })),
      [
        `${SCHEMA}There should only be one of the following fields: [ItemProcessor, Iterator] at /States/A`,
      ],
    ],
    ...[
      "ItemReader",
      "ItemBatcher",
      "ResultWriter",
      "ToleratedFailureCount",
      "ToleratedFailurePercentage",
      "Label",
    ].map(
      (field) =>
        [
          `${field} on an inline Map`,
          machineOf(inlineMap({ [field]: {} })),
          [`${SCHEMA}Field '${field}' is not supported at /States/A`],
        ] as const,
    ),
    [
      "no ExecutionType",
      machineOf(
        inlineMap({ ItemProcessor: { ...PROCESSOR, ProcessorConfig: { Mode: "DISTRIBUTED" } } }),
      ),
      [
        `${SCHEMA}These fields are required: [ExecutionType] at /States/A/ItemProcessor/ProcessorConfig`,
      ],
    ],
    [
      "more than all failures",
      machineOf(distributedMap({ ToleratedFailurePercentage: 100.5 })),
      [`${SCHEMA}Maximum value is 100.0 at /States/A/ToleratedFailurePercentage`],
    ],
    [
      "fewer than no failures",
      machineOf(distributedMap({ ToleratedFailurePercentage: -1 })),
      [`${SCHEMA}Minimum value is 0.0 at /States/A/ToleratedFailurePercentage`],
    ],
    [
      "two bounds of items",
      machineOf(
        distributedMap({
          ItemReader: {
            Resource: "arn:aws:states:::s3:getObject",
            ReaderConfig: { InputType: "JSON", MaxItems: 1, MaxItemsPath: "$.m" },
          },
        }),
      ),
      [
        `${SCHEMA}There should only be one of the following fields: [MaxItems, MaxItemsPath] at /States/A/ItemReader/ReaderConfig`,
      ],
    ],
    [
      "a CSV without header",
      machineOf(
        distributedMap({
          ItemReader: {
            Resource: "arn:aws:states:::s3:getObject",
            ReaderConfig: { InputType: "CSV" },
          },
        }),
      ),
      [
        `${SCHEMA}These fields are required: [CSVHeaderLocation] at /States/A/ItemReader/ReaderConfig`,
      ],
    ],
    [
      "a batch of any size",
      machineOf(distributedMap({ ItemBatcher: {} })),
      [
        `${SCHEMA}One of the following fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch] at /States/A/ItemBatcher`,
      ],
    ],
    [
      "a batch too big",
      machineOf(distributedMap({ ItemBatcher: { MaxInputBytesPerBatch: 262_145 } })),
      [`${SCHEMA}Maximum value is 262144 at /States/A/ItemBatcher/MaxInputBytesPerBatch`],
    ],
    ...["a b", "a/b", "", "l".repeat(41), "a*", "a\u0000"].map(
      (label) =>
        [
          `the label ${JSON.stringify(label)}`,
          machineOf(distributedMap({ Label: label })),
          [`INVALID_LABEL_NAME: Invalid Label: ${label} at /States/A/Label`],
        ] as const,
    ),
    [
      "a label twice",
      {
        StartAt: "A",
        States: {
          A: { ...distributedMap({ Label: "l" }), End: false, Next: "B" },
          B: distributedMap({
            Label: "l",
            ItemProcessor: { ...DISTRIBUTED, StartAt: "Q", States: { Q: pass({}) } },
          }),
        },
      },
      ["DUPLICATE_LABEL_NAME: Duplicate Label: l at /States/B/Label"],
    ],

    // Warnings.
    [
      "a path without .$",
      machineOf(pass({ Parameters: { a: "$.b", f: "States.UUID()" } })),
      [
        "NO_DOLLAR: No .$ on a field that appears to be a JSONPath or Intrinsic Function at /States/A/Parameters/a",
        "NO_DOLLAR: No .$ on a field that appears to be a JSONPath or Intrinsic Function at /States/A/Parameters/f",
      ],
    ],
    [
      "a path as Error",
      machineOf(fail({ Error: "$.e" })),
      [
        "NO_PATH: Field value looks like a path, but field name does not end with 'Path' at /States/A/Error",
      ],
    ],
    [
      "a path in a Result",
      machineOf(pass({ Result: { "a.$": "$.b" } })),
      [
        "PASS_RESULT_IS_STATIC: The result of a Pass state is static: a path in it is not evaluated at /States/A/Result",
      ],
    ],
  ];

for (const [name, machine, problems] of REFUSED) {
  test(`${name} is told [diagnostics]`, () => {
    assert.deepEqual(problemsOf(machine), problems);
  });
}

test("the error of CreateStateMachine tells all errors and no warnings [InvalidDefinition]", () => {
  const { diagnostics } = parseDefinition(
    JSON.stringify(machineOf(pass({ Result: "$.a", Next: "A", Foo: 1 }))),
  );
  assert.equal(
    toInvalidDefinitionMessage(diagnostics),
    `Invalid State Machine Definition: '${SCHEMA}There should only be one of the following fields: [Next, End] at /States/A, ` +
      `${SCHEMA}Field 'Foo' is not supported at /States/A'`,
  );
});

test("text that is no JSON is told [INVALID_JSON_DESCRIPTION]", () => {
  assert.match(problemsOf("{")[0] ?? "", /^INVALID_JSON_DESCRIPTION: .* at null$/);
  assert.match(
    problemsOf("[".repeat(5_000))[0] ?? "",
    /^INVALID_JSON_DESCRIPTION: JSON is nested deeper than 1000 levels/,
  );
});

test("a definition has 1 MiB at most [limit]", () => {
  const definition = (comment: string): string =>
    JSON.stringify(machineOf(pass({}), { Comment: comment }));
  const room = 1_048_576 - definition("").length;
  assert.deepEqual(problemsOf(definition("c".repeat(room))), []);
  assert.deepEqual(problemsOf(definition("c".repeat(room + 1))), [
    `${SCHEMA}The definition exceeds 1048576 bytes at null`,
  ]);
});

test("states nest 50 deep and no deeper [TOO_DEEPLY_NESTED]", () => {
  const nested = (depth: number): Fields =>
    depth === 0
      ? { StartAt: "s0", States: { s0: pass({}) } }
      : {
          StartAt: `s${depth}`,
          States: { [`s${depth}`]: { Type: "Parallel", Branches: [nested(depth - 1)], End: true } },
        };
  assert.deepEqual(problemsOf(nested(50)), []);
  assert.match(problemsOf(nested(51))[0] ?? "", /^TOO_DEEPLY_NESTED: /);
});
