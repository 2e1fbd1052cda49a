import type { Deps } from "../../kernel/operation.ts";
import type { Service } from "../../kernel/service.ts";
import { Outbound } from "../../outbound.ts";
import { constrained } from "./constraints.ts";
import { Definitions } from "./definitions.ts";
import { Cursors } from "./distributed/cursor.ts";
import { MapRunRecords } from "./execution/map-runs.ts";
import { workHandlers } from "./handlers.ts";
import type { Engine } from "./engine.ts";
import { refusals } from "./errors.ts";
import { model } from "./model.gen.ts";
import { createActivity } from "./operations/create-activity.ts";
import { createStateMachineAlias } from "./operations/create-state-machine-alias.ts";
import { createStateMachine } from "./operations/create-state-machine.ts";
import { deleteActivity } from "./operations/delete-activity.ts";
import { deleteStateMachineAlias } from "./operations/delete-state-machine-alias.ts";
import { deleteStateMachineVersion } from "./operations/delete-state-machine-version.ts";
import { deleteStateMachine } from "./operations/delete-state-machine.ts";
import { describeActivity } from "./operations/describe-activity.ts";
import { describeExecution } from "./operations/describe-execution.ts";
import { describeMapRun } from "./operations/describe-map-run.ts";
import { describeStateMachineAlias } from "./operations/describe-state-machine-alias.ts";
import { describeStateMachineForExecution } from "./operations/describe-state-machine-for-execution.ts";
import { describeStateMachine } from "./operations/describe-state-machine.ts";
import { getActivityTask } from "./operations/get-activity-task.ts";
import { getExecutionHistory } from "./operations/get-execution-history.ts";
import { listActivities } from "./operations/list-activities.ts";
import { listExecutions } from "./operations/list-executions.ts";
import { listMapRuns } from "./operations/list-map-runs.ts";
import { listStateMachineAliases } from "./operations/list-state-machine-aliases.ts";
import { listStateMachineVersions } from "./operations/list-state-machine-versions.ts";
import { listStateMachines } from "./operations/list-state-machines.ts";
import { listTagsForResource } from "./operations/list-tags-for-resource.ts";
import { publishStateMachineVersion } from "./operations/publish-state-machine-version.ts";
import { redriveExecution } from "./operations/redrive-execution.ts";
import { sendTaskFailure } from "./operations/send-task-failure.ts";
import { sendTaskHeartbeat } from "./operations/send-task-heartbeat.ts";
import { sendTaskSuccess } from "./operations/send-task-success.ts";
import { startExecution } from "./operations/start-execution.ts";
import { startSyncExecution } from "./operations/start-sync-execution.ts";
import { stopExecution } from "./operations/stop-execution.ts";
import { tagResource } from "./operations/tag-resource.ts";
import { testState } from "./operations/test-state.ts";
import { untagResource } from "./operations/untag-resource.ts";
import { updateMapRun } from "./operations/update-map-run.ts";
import { updateStateMachineAlias } from "./operations/update-state-machine-alias.ts";
import { updateStateMachine } from "./operations/update-state-machine.ts";
import { validateStateMachineDefinition } from "./operations/validate-state-machine-definition.ts";

/** Step Functions on the store, clock and services of this server. */
export function stepFunctions(deps: Deps): Service {
  const engine: Engine = {
    ...deps,
    definitions: new Definitions(),
    cursors: new Cursors(),
    mapRuns: new MapRunRecords(),
    outbound: new Outbound({ allowMetadataAddresses: false }),
  };
  return {
    model,
    refusals,
    operations: constrained({
      CreateActivity: createActivity(engine),
      CreateStateMachineAlias: createStateMachineAlias(),
      CreateStateMachine: createStateMachine(engine),
      DeleteActivity: deleteActivity(),
      DeleteStateMachineAlias: deleteStateMachineAlias(),
      DeleteStateMachineVersion: deleteStateMachineVersion(),
      DeleteStateMachine: deleteStateMachine(engine),
      DescribeActivity: describeActivity(),
      DescribeExecution: describeExecution(),
      DescribeMapRun: describeMapRun(),
      DescribeStateMachineAlias: describeStateMachineAlias(),
      DescribeStateMachineForExecution: describeStateMachineForExecution(engine),
      DescribeStateMachine: describeStateMachine(engine),
      GetActivityTask: getActivityTask(engine),
      GetExecutionHistory: getExecutionHistory(),
      ListActivities: listActivities(),
      ListExecutions: listExecutions(),
      ListMapRuns: listMapRuns(),
      ListStateMachineAliases: listStateMachineAliases(),
      ListStateMachineVersions: listStateMachineVersions(),
      ListStateMachines: listStateMachines(),
      ListTagsForResource: listTagsForResource(),
      PublishStateMachineVersion: publishStateMachineVersion(engine),
      RedriveExecution: redriveExecution(engine),
      SendTaskFailure: sendTaskFailure(engine),
      SendTaskHeartbeat: sendTaskHeartbeat(engine),
      SendTaskSuccess: sendTaskSuccess(engine),
      StartExecution: startExecution(engine),
      StartSyncExecution: startSyncExecution(engine),
      StopExecution: stopExecution(engine),
      TagResource: tagResource(),
      TestState: testState(engine),
      UntagResource: untagResource(),
      UpdateMapRun: updateMapRun(engine),
      UpdateStateMachineAlias: updateStateMachineAlias(),
      UpdateStateMachine: updateStateMachine(engine),
      ValidateStateMachineDefinition: validateStateMachineDefinition(engine),
    }),
    work: workHandlers(engine),
  };
}
