/** Names of the queues that the workflow sends to. */
export const QUEUES = { effects: "effects", tokens: "tokens" } as const;

/** What the one who answers a token says. */
export const ANSWER: string = JSON.stringify({ answered: true });

const SEND = "arn:aws:states:::sqs:sendMessage";
const CHILD = "arn:aws:states:::states:startExecution.sync:2";

/** The addresses that the workflow needs to know. */
export interface Places {
  readonly effects: string;
  readonly tokens: string;
  readonly childArn: string;
}

/** What a child execution does: it waits a little. */
export const CHILD_DEFINITION: object = {
  StartAt: "Nap",
  States: {
    Nap: { Type: "Wait", Seconds: 1, Next: "Done" },
    Done: { Type: "Pass", Result: { rested: true }, End: true },
  },
};

/** Waits for longer than anybody looks. */
export const SLEEPER_DEFINITION: object = {
  StartAt: "Sleep",
  States: { Sleep: { Type: "Wait", Seconds: 30_000_000, End: true } },
};

/** A workflow with everything that can be half done: every message says where it comes from. */
export function workflow({ effects, tokens, childArn }: Places): object {
  const send = (what: string): object => ({
    Type: "Task",
    Resource: SEND,
    Parameters: {
      QueueUrl: effects,
      "MessageBody.$": `States.Format('{}/${what}', $$.Execution.Name)`,
    },
    ResultPath: null,
  });
  return {
    StartAt: "Begin",
    States: {
      Begin: { Type: "Pass", Assign: { "name.$": "$$.Execution.Name" }, Next: "Fork" },
      Fork: {
        Type: "Parallel",
        Branches: [waiting(), sending(send), failing()],
        ResultPath: "$.forked",
        Next: "Each",
      },
      Each: {
        Type: "Map",
        ItemsPath: "$.items",
        MaxConcurrency: 2,
        ItemSelector: { "index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value" },
        ItemProcessor: {
          StartAt: "Item",
          States: {
            Item: {
              ...send("map"),
              Parameters: {
                QueueUrl: effects,
                "MessageBody.$": "States.Format('{}/item{}', $$.Execution.Name, $.index)",
              },
              Next: "Doze",
            },
            Doze: { Type: "Wait", Seconds: 1, Next: "Double" },
            Double: {
              Type: "Pass",
              QueryLanguage: "JSONata",
              Output: "{% $states.input.value * 2 %}",
              End: true,
            },
          },
        },
        ResultPath: "$.each",
        Next: "Spread",
      },
      Spread: spread(effects),
      Ask: {
        Type: "Task",
        Resource: `${SEND}.waitForTaskToken`,
        Parameters: { QueueUrl: tokens, "MessageBody.$": "$$.Task.Token" },
        ResultPath: "$.answer",
        Next: "Child",
      },
      Child: {
        Type: "Task",
        Resource: CHILD,
        Parameters: {
          StateMachineArn: childArn,
          "Name.$": "States.Format('{}-child', $name)",
          Input: {},
        },
        ResultSelector: { "output.$": "$.Output" },
        ResultPath: "$.child",
        Next: "Last",
      },
      Last: { ...send("last"), Next: "End" },
      End: { Type: "Succeed" },
    },
  };
}

/** A Distributed Map: of its children, which are executions, two send and one is over at once. */
function spread(effects: string): object {
  const Choices = [{ Variable: "$.value", NumericEquals: 2, Next: "Done" }];
  return {
    Type: "Map",
    ItemsPath: "$.spread",
    ItemSelector: { "name.$": "$name", "value.$": "$$.Map.Item.Value" },
    MaxConcurrency: 2,
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: "Which",
      States: {
        Which: { Type: "Choice", Choices, Default: "Send" },
        Send: {
          Type: "Task",
          Resource: SEND,
          Parameters: {
            QueueUrl: effects,
            "MessageBody.$": "States.Format('{}/spread{}', $.name, $.value)",
          },
          ResultPath: null,
          Next: "Done",
        },
        Done: { Type: "Pass", OutputPath: "$.value", End: true },
      },
    },
    ResultPath: "$.spread",
    Next: "Ask",
  };
}

function waiting(): object {
  return {
    StartAt: "Wait",
    States: {
      Wait: { Type: "Wait", Seconds: 2, Next: "Waited" },
      Waited: { Type: "Pass", Result: "waited", End: true },
    },
  };
}

function sending(send: (what: string) => object): object {
  return {
    StartAt: "First",
    States: {
      First: { ...send("first"), Next: "Second" },
      Second: { ...send("second"), Next: "Sent" },
      Sent: { Type: "Pass", Result: "sent", End: true },
    },
  };
}

/** Fails three times, as there is no such function, and is caught. */
function failing(): object {
  const Retry = [
    { ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 },
  ];
  const Catch = [{ ErrorEquals: ["States.ALL"], Next: "Caught" }];
  return {
    StartAt: "Fail",
    States: {
      Fail: {
        Type: "Task",
        Resource: "arn:aws:states:::lambda:invoke",
        Parameters: { FunctionName: "none" },
        Retry,
        Catch,
        End: true,
      },
      Caught: { Type: "Pass", Parameters: { "error.$": "$.Error" }, End: true },
    },
  };
}

/** What each execution gets. */
export const INPUT: string = JSON.stringify({ items: [1, 2, 3, 4], spread: [1, 2, 3] });

/** What each execution gives. */
export const OUTPUT: unknown = {
  items: [1, 2, 3, 4],
  forked: ["waited", "sent", { error: "States.TaskFailed" }],
  each: [2, 4, 6, 8],
  spread: [1, 2, 3],
  answer: { answered: true },
  child: { output: { rested: true } },
};

/** The bodies of the messages that each execution sends, once each. */
export function effectsOf(name: string): string[] {
  const items = ["item0", "item1", "item2", "item3", "spread1", "spread3"];
  return ["first", "second", ...items, "last"].map((each) => `${name}/${each}`);
}
