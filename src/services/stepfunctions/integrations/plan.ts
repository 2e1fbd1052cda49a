import type { Caller } from "../../../kernel/caller.ts";
import type { ServiceError } from "../../../kernel/errors.ts";
import type { InProcessCall } from "../../../kernel/registry.ts";
import type { Engine } from "../engine.ts";
import type { Failure, TaskCall } from "../interpreter/protocol.ts";
import type { ServiceResource } from "../interpreter/task-resource.ts";
import { isJsonObject, parseJson } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { sdkMetadata, serviceFailure } from "./answer.ts";
import type { HttpTask } from "./http-request.ts";
import { namedService } from "./names.ts";
import { toInput, toOutput, upperFirst } from "./shapes.ts";

/** How a task is going to be done, decided before the transaction that schedules it. */
export type TaskPlan =
  | { readonly kind: "activity"; readonly arn: string }
  /** A child execution that the task waits for. */
  | { readonly kind: "child"; readonly request: JsonObject; readonly pattern: "sync" | "sync:2" }
  | CallPlan
  | { readonly kind: "http"; readonly task: HttpTask }
  | { readonly kind: "refused"; readonly failure: Failure };

/** One call of an operation of a service of this server. */
export interface CallPlan {
  readonly kind: "call";
  readonly call: InProcessCall;
  /** True when it can commit with the transition. */
  readonly isTransaction: boolean;
  readonly toOutput: (output: Record<string, unknown>) => Json;
  readonly toFailure: (error: ServiceError) => Failure;
}

/** Decides how to do a task. */
export async function planTask(engine: Engine, call: TaskCall, caller: Caller): Promise<TaskPlan> {
  const { resource } = call;
  if (resource.kind === "activity") return { kind: "activity", arn: resource.arn };
  if (resource.kind === "lambda")
    return planLambda(engine, { call, caller, functionArn: resource.arn });
  const type = `${resource.resourceType}:${resource.action}`;
  if (type === "http:invoke")
    return { kind: "http", task: { arguments: call.arguments, region: caller.region } };
  if (resource.pattern === "sync" || resource.pattern === "sync:2") {
    if (type !== "states:startExecution" || !isJsonObject(call.arguments)) {
      return refused(`Waiting for the end of ${type} is not supported here.`);
    }
    return { kind: "child", request: call.arguments, pattern: resource.pattern };
  }
  return planCall(engine, { call, caller, resource });
}

interface Planning {
  readonly call: TaskCall;
  readonly caller: Caller;
}

async function planCall(
  engine: Engine,
  { call, caller, resource }: Planning & { resource: ServiceResource },
): Promise<TaskPlan> {
  const service = namedService(resource.resourceType);
  const operation = upperFirst(resource.action);
  const model = await engine.operations.modelOf(service.signingName);
  if (model === undefined)
    return refused(
      `This server has no service '${service.signingName}', which the resource '${resource.resourceType}:${resource.resource}' needs.`,
    );
  const shapes = Object.hasOwn(model.operations, operation)
    ? model.operations[operation]
    : undefined;
  if (shapes === undefined)
    return refused(`The service '${service.signingName}' has no operation '${operation}'.`);
  const given = service.isSdk
    ? call.arguments
    : optimizedArguments(`${resource.resourceType}:${resource.action}`, call.arguments);
  return {
    kind: "call",
    call: {
      service: service.signingName,
      operation,
      input: toInput(model, shapes.input, given),
      caller,
    },
    isTransaction: await engine.operations.isTransaction(service.signingName, operation),
    toOutput: (output) => {
      const result = toOutput(model, shapes.output, output);
      return service.isSdk ? result : optimizedResult(engine, resource, result);
    },
    toFailure: (error) =>
      serviceFailure(error, { service, model, requestId: engine.random.uuid() }),
  };
}

/** A function named by its own ARN gets the task's input and gives its payload. */
async function planLambda(
  engine: Engine,
  { call, caller, functionArn }: Planning & { functionArn: string },
): Promise<TaskPlan> {
  const model = await engine.operations.modelOf("lambda");
  if (model === undefined)
    return refused("This server has no service 'lambda', which the function's resource needs.");
  const service = namedService("lambda");
  const given = { FunctionName: functionArn, Payload: call.arguments };
  return {
    kind: "call",
    call: {
      service: "lambda",
      operation: "Invoke",
      input: toInput(model, model.operations["Invoke"]?.input, given),
      caller,
    },
    isTransaction: await engine.operations.isTransaction("lambda", "Invoke"),
    toOutput: (output) => {
      const result = withParsedPayload(toOutput(model, model.operations["Invoke"]?.output, output));
      return isJsonObject(result) ? (result["Payload"] ?? null) : result;
    },
    toFailure: (error) =>
      serviceFailure(error, { service, model, requestId: engine.random.uuid() }),
  };
}

/** Members that hold text for the service but may be written as JSON in an optimized task. */
const TEXT_MEMBERS: Readonly<Record<string, string>> = {
  "sqs:sendMessage": "MessageBody",
  "sns:publish": "Message",
  "states:startExecution": "Input",
};

function optimizedArguments(type: string, given: Json): Json {
  const member = TEXT_MEMBERS[type];
  if (member === undefined || !isJsonObject(given)) return given;
  const value = given[member];
  if (value === undefined || typeof value === "string") return given;
  return { ...given, [member]: JSON.stringify(value) };
}

function optimizedResult(engine: Engine, resource: ServiceResource, output: Json): Json {
  if (!isJsonObject(output)) return output;
  const result = { ...output, ...sdkMetadata(engine.random.uuid()) };
  const type = `${resource.resourceType}:${resource.action}`;
  if (type === "lambda:invoke") return withParsedPayload(result);
  if (type !== "states:startExecution") return result;
  const started = output["StartDate"];
  return typeof started === "string" ? { ...result, StartDate: Date.parse(started) } : result;
}

function withParsedPayload(output: Json): Json {
  if (!isJsonObject(output) || typeof output["Payload"] !== "string") return output;
  const parsed = parseJson(output["Payload"]);
  return "value" in parsed ? { ...output, Payload: parsed.value } : output;
}

/** A task that cannot be done here says so: it never echoes its input as a success. */
function refused(cause: string): TaskPlan {
  return { kind: "refused", failure: { error: "States.TaskFailed", cause } };
}
