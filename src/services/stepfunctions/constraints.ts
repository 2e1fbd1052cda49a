import type {
  CloudWatchLogsLogGroup,
  CreateActivityInput,
  CreateStateMachineAliasInput,
  CreateStateMachineInput,
  DeleteActivityInput,
  DeleteStateMachineAliasInput,
  DeleteStateMachineInput,
  DeleteStateMachineVersionInput,
  DescribeActivityInput,
  DescribeExecutionInput,
  DescribeMapRunInput,
  DescribeStateMachineAliasInput,
  DescribeStateMachineForExecutionInput,
  DescribeStateMachineInput,
  EncryptionConfiguration,
  GetActivityTaskInput,
  GetExecutionHistoryInput,
  ListActivitiesInput,
  ListExecutionsInput,
  ListMapRunsInput,
  ListStateMachineAliasesInput,
  ListStateMachinesInput,
  ListStateMachineVersionsInput,
  ListTagsForResourceInput,
  LogDestination,
  LoggingConfiguration,
  MockErrorOutput,
  MockInput,
  PublishStateMachineVersionInput,
  RedriveExecutionInput,
  RoutingConfigurationListItem,
  SendTaskFailureInput,
  SendTaskHeartbeatInput,
  SendTaskSuccessInput,
  StartExecutionInput,
  StartSyncExecutionInput,
  StopExecutionInput,
  Tag,
  TagResourceInput,
  TestStateConfiguration,
  TestStateInput,
  UntagResourceInput,
  UpdateMapRunInput,
  UpdateStateMachineAliasInput,
  UpdateStateMachineInput,
  ValidateStateMachineDefinitionInput,
} from "@aws-sdk/client-sfn";
import { assert } from "../../kernel/errors.ts";
import { conversation, preparedTransaction, transaction } from "../../kernel/operation.ts";
import type { AnyOperation } from "../../kernel/operation.ts";
import type { Service } from "../../kernel/service.ts";
import { validationErrors } from "./errors.ts";
import { MAX_CAUSE_LENGTH, MAX_DEFINITION_BYTES } from "./language/limits.ts";
import {
  MAX_ARN_LENGTH,
  MAX_CLIENT_TOKEN_LENGTH,
  MAX_DATA_KEY_SECONDS,
  MAX_DESCRIPTION_LENGTH,
  MAX_DIAGNOSTICS,
  MAX_ERROR_LENGTH,
  MAX_EXECUTIONS_PAGE_TOKEN_LENGTH,
  MAX_KMS_KEY_ID_LENGTH,
  MAX_LONG_ARN_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PAGE_SIZE,
  MAX_PAGE_TOKEN_LENGTH,
  MAX_PAYLOAD_BYTES,
  MAX_ROUTES,
  MAX_TAG_KEY_LENGTH,
  MAX_TAG_VALUE_LENGTH,
  MAX_TASK_TOKEN_LENGTH,
  MAX_TRACE_HEADER_LENGTH,
  MIN_DATA_KEY_SECONDS,
} from "./limits.ts";
import {
  all,
  each,
  length,
  matches,
  members,
  oneOf,
  range,
  sensitive,
  utf8Length,
} from "./validation.ts";
import type { Constraint, Members } from "./validation.ts";

/*
 * What AWS's model of the API asks of inputs beyond their types: bounds, patterns, enumerations, first of
 * the model's shapes and then of each operation's input.
 */

/** Makes operations refuse what the model forbids before anything else, as AWS's front end does. */
export function constrained(operations: Service["operations"]): Service["operations"] {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [name, checkedFirst(name, operation)]),
  );
}

function checkedFirst(name: string, operation: AnyOperation): AnyOperation {
  if (operation.kind === "conversation")
    return conversation(async (context, input) => {
      checkMembers(name, input);
      return operation.run(context, input);
    });
  const { prepare } = operation;
  const run: typeof operation.run = async (context, input, tx) => {
    checkMembers(name, input);
    return operation.run(context, input, tx);
  };
  if (prepare === undefined) return transaction(run);
  return preparedTransaction(async (context, input) => {
    checkMembers(name, input);
    return prepare(context, input);
  }, run);
}

/** Throws one ValidationException for all that is wrong with the members of an operation's input. */
export function checkMembers(operation: string, input: unknown): void {
  const constraint = CONSTRAINTS[operation];
  assert(constraint, `the constraints of ${operation} are known`);
  const violations = constraint(input, "");
  if (violations.length > 0) throw validationErrors(violations);
}

const ARN = length(1, MAX_ARN_LENGTH);
const LONG_ARN = length(1, MAX_LONG_ARN_LENGTH);
const NAME = length(1, MAX_NAME_LENGTH);
const ALIAS_NAME = all<string>(NAME, matches(String.raw`^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$`));
const DEFINITION = sensitive(length(1, MAX_DEFINITION_BYTES));
const DESCRIPTION = sensitive(length(0, MAX_DESCRIPTION_LENGTH));
const DATA = sensitive(utf8Length(MAX_PAYLOAD_BYTES));
const ERROR = sensitive(length(0, MAX_ERROR_LENGTH));
const CAUSE = sensitive(length(0, MAX_CAUSE_LENGTH));
const TASK_TOKEN = length(1, MAX_TASK_TOKEN_LENGTH);
const CLIENT_TOKEN = all<string>(length(1, MAX_CLIENT_TOKEN_LENGTH), matches("[!-~]+"));
const TRACE_HEADER = all<string>(
  length(0, MAX_TRACE_HEADER_LENGTH),
  matches(String.raw`\p{ASCII}*`),
);
const TYPE = oneOf("STANDARD", "EXPRESS");
const INCLUDED_DATA = oneOf("ALL_DATA", "METADATA_ONLY");
const EXECUTION_STATUS = oneOf(
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
  "TIMED_OUT",
  "ABORTED",
  "PENDING_REDRIVE",
);
const TEST_STATE_NAME = sensitive(NAME);
const TAG_KEY = length(1, MAX_TAG_KEY_LENGTH);
const TAGS = each(members<Tag>({ key: TAG_KEY, value: length(0, MAX_TAG_VALUE_LENGTH) }));
const ENCRYPTION = members<EncryptionConfiguration>({
  kmsKeyId: length(1, MAX_KMS_KEY_ID_LENGTH),
  kmsDataKeyReusePeriodSeconds: range(MIN_DATA_KEY_SECONDS, MAX_DATA_KEY_SECONDS),
  type: oneOf("AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"),
});
const LOGGING = members<LoggingConfiguration>({
  level: oneOf("ALL", "ERROR", "FATAL", "OFF"),
  destinations: each(
    members<LogDestination>({
      cloudWatchLogsLogGroup: members<CloudWatchLogsLogGroup>({ logGroupArn: ARN }),
    }),
  ),
});
const ROUTING = all<readonly RoutingConfigurationListItem[]>(
  length(1, MAX_ROUTES),
  each(
    members<RoutingConfigurationListItem>({ stateMachineVersionArn: ARN, weight: range(0, 100) }),
  ),
);
const PAGE = {
  maxResults: range(0, MAX_PAGE_SIZE),
  nextToken: length(1, MAX_PAGE_TOKEN_LENGTH),
} satisfies Members<ListActivitiesInput>;

// oxlint-disable-next-line typescript/no-explicit-any -- each takes what its operation's input was read as
const CONSTRAINTS: Readonly<Record<string, Constraint<any>>> = {
  CreateActivity: members<CreateActivityInput>({
    name: NAME,
    tags: TAGS,
    encryptionConfiguration: ENCRYPTION,
  }),
  CreateStateMachineAlias: members<CreateStateMachineAliasInput>({
    description: DESCRIPTION,
    name: ALIAS_NAME,
    routingConfiguration: ROUTING,
  }),
  CreateStateMachine: members<CreateStateMachineInput>({
    name: NAME,
    definition: DEFINITION,
    roleArn: ARN,
    type: TYPE,
    loggingConfiguration: LOGGING,
    tags: TAGS,
    versionDescription: DESCRIPTION,
    encryptionConfiguration: ENCRYPTION,
  }),
  DeleteActivity: members<DeleteActivityInput>({ activityArn: ARN }),
  DeleteStateMachineAlias: members<DeleteStateMachineAliasInput>({ stateMachineAliasArn: ARN }),
  DeleteStateMachineVersion: members<DeleteStateMachineVersionInput>({
    stateMachineVersionArn: LONG_ARN,
  }),
  DeleteStateMachine: members<DeleteStateMachineInput>({ stateMachineArn: ARN }),
  DescribeActivity: members<DescribeActivityInput>({ activityArn: ARN }),
  DescribeExecution: members<DescribeExecutionInput>({
    executionArn: ARN,
    includedData: INCLUDED_DATA,
  }),
  DescribeMapRun: members<DescribeMapRunInput>({ mapRunArn: LONG_ARN }),
  DescribeStateMachineAlias: members<DescribeStateMachineAliasInput>({
    stateMachineAliasArn: ARN,
  }),
  DescribeStateMachineForExecution: members<DescribeStateMachineForExecutionInput>({
    executionArn: ARN,
    includedData: INCLUDED_DATA,
  }),
  DescribeStateMachine: members<DescribeStateMachineInput>({
    stateMachineArn: ARN,
    includedData: INCLUDED_DATA,
  }),
  GetActivityTask: members<GetActivityTaskInput>({ activityArn: ARN, workerName: NAME }),
  GetExecutionHistory: members<GetExecutionHistoryInput>({ executionArn: ARN, ...PAGE }),
  ListActivities: members<ListActivitiesInput>(PAGE),
  ListExecutions: members<ListExecutionsInput>({
    ...PAGE,
    stateMachineArn: ARN,
    statusFilter: EXECUTION_STATUS,
    nextToken: length(1, MAX_EXECUTIONS_PAGE_TOKEN_LENGTH),
    mapRunArn: LONG_ARN,
    redriveFilter: oneOf("REDRIVEN", "NOT_REDRIVEN"),
  }),
  ListMapRuns: members<ListMapRunsInput>({ executionArn: ARN, ...PAGE }),
  ListStateMachineAliases: members<ListStateMachineAliasesInput>({ stateMachineArn: ARN, ...PAGE }),
  ListStateMachineVersions: members<ListStateMachineVersionsInput>({
    stateMachineArn: ARN,
    ...PAGE,
  }),
  ListStateMachines: members<ListStateMachinesInput>(PAGE),
  ListTagsForResource: members<ListTagsForResourceInput>({ resourceArn: ARN }),
  PublishStateMachineVersion: members<PublishStateMachineVersionInput>({
    stateMachineArn: ARN,
    description: DESCRIPTION,
  }),
  RedriveExecution: members<RedriveExecutionInput>({
    executionArn: ARN,
    clientToken: CLIENT_TOKEN,
  }),
  SendTaskFailure: members<SendTaskFailureInput>({
    taskToken: TASK_TOKEN,
    error: ERROR,
    cause: CAUSE,
  }),
  SendTaskHeartbeat: members<SendTaskHeartbeatInput>({ taskToken: TASK_TOKEN }),
  SendTaskSuccess: members<SendTaskSuccessInput>({ taskToken: TASK_TOKEN, output: DATA }),
  StartExecution: members<StartExecutionInput>({
    stateMachineArn: ARN,
    name: NAME,
    input: DATA,
    traceHeader: TRACE_HEADER,
  }),
  StartSyncExecution: members<StartSyncExecutionInput>({
    stateMachineArn: ARN,
    name: NAME,
    input: DATA,
    traceHeader: TRACE_HEADER,
    includedData: INCLUDED_DATA,
  }),
  StopExecution: members<StopExecutionInput>({ executionArn: ARN, error: ERROR, cause: CAUSE }),
  TagResource: members<TagResourceInput>({ resourceArn: ARN, tags: TAGS }),
  TestState: members<TestStateInput>({
    definition: DEFINITION,
    roleArn: ARN,
    input: DATA,
    inspectionLevel: oneOf("INFO", "DEBUG", "TRACE"),
    variables: DATA,
    stateName: TEST_STATE_NAME,
    mock: members<MockInput>({
      result: DATA,
      errorOutput: members<MockErrorOutput>({ error: ERROR, cause: CAUSE }),
      fieldValidationMode: oneOf("STRICT", "PRESENT", "NONE"),
    }),
    context: DATA,
    stateConfiguration: members<TestStateConfiguration>({
      retrierRetryCount: range(0),
      errorCausedByState: TEST_STATE_NAME,
      mapIterationFailureCount: range(0),
      mapItemReaderData: DATA,
    }),
  }),
  UntagResource: members<UntagResourceInput>({ resourceArn: ARN, tagKeys: each(TAG_KEY) }),
  UpdateMapRun: members<UpdateMapRunInput>({
    mapRunArn: LONG_ARN,
    maxConcurrency: range(0),
    toleratedFailurePercentage: range(0, 100),
    toleratedFailureCount: range(0),
  }),
  UpdateStateMachineAlias: members<UpdateStateMachineAliasInput>({
    stateMachineAliasArn: ARN,
    description: DESCRIPTION,
    routingConfiguration: ROUTING,
  }),
  UpdateStateMachine: members<UpdateStateMachineInput>({
    stateMachineArn: ARN,
    definition: DEFINITION,
    roleArn: ARN,
    loggingConfiguration: LOGGING,
    versionDescription: DESCRIPTION,
    encryptionConfiguration: ENCRYPTION,
  }),
  ValidateStateMachineDefinition: members<ValidateStateMachineDefinitionInput>({
    definition: DEFINITION,
    type: TYPE,
    severity: oneOf("ERROR", "WARNING"),
    maxResults: range(0, MAX_DIAGNOSTICS),
  }),
};
