import type { Member, ServiceModel, StructureShape } from "../../../kernel/model.ts";
import type { OperationRegistry } from "../../../kernel/registry.ts";
import type { TaskResource } from "../interpreter/task-resource.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { namedService } from "./names.ts";
import { upperFirst } from "./shapes.ts";

/** Something about a task's arguments that keeps Step Functions from making the call. */
export interface ArgumentProblem {
  readonly message: string;
  /** Where in the arguments: empty, or `/MessageAttributes/color`. */
  readonly place: string;
}

/** What a service's operation, or `http:invoke`, takes. */
interface Api {
  readonly shapes: Shapes;
  readonly input: string;
  /** Members that the API has and the optimized integration has not. */
  readonly without: readonly string[];
}

type Shapes = Pick<ServiceModel, "structures" | "lists" | "maps">;

/**
 * Members missing in the lists of parameters of optimized integrations, for example
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
 */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  "sqs:sendMessage": ["MessageSystemAttributes"],
  "states:startExecution": ["TraceHeader"],
};

const ANY: Member = { shape: "document" };

/** https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html, "HTTP Task fields" */
const HTTP: Api = {
  shapes: {
    structures: {
      HttpTask: {
        members: {
          ApiEndpoint: ANY,
          Method: ANY,
          Authentication: { shape: "Connection" },
          InvocationConfig: { shape: "Connection" },
          Headers: ANY,
          QueryParameters: ANY,
          RequestBody: ANY,
          Transform: { shape: "Transform" },
        },
        required: ["ApiEndpoint", "Method"],
      },
      Connection: { members: { ConnectionArn: ANY }, required: ["ConnectionArn"] },
      Transform: { members: { RequestBodyEncoding: ANY, RequestEncodingOptions: ANY } },
    },
    lists: {},
    maps: {},
  },
  input: "HttpTask",
  without: [],
};

/** How the names of a payload template's fields end whose value a path gives. */
const PATH_SUFFIX = ".$";

/** What keeps a call from being made with these arguments, in words; nothing for services that are not here. */
export async function argumentProblems(
  operations: OperationRegistry,
  resource: TaskResource,
  given: Json,
): Promise<readonly string[]> {
  const api = await apiOf(operations, resource);
  if (api === undefined) return [];
  const found = problems(api, api.input, { given: isJsonObject(given) ? given : {}, place: "" });
  return Array.from(found, ({ message }) => message);
}

/**
 * What can be said of a definition's Parameters or Arguments before they are evaluated: nothing when
 * they are no object. Whether the API has a field that a path gives is only asked when the task starts.
 */
export async function templateProblems(
  operations: OperationRegistry,
  resource: TaskResource,
  template: Json | undefined,
): Promise<readonly ArgumentProblem[]> {
  const api = await apiOf(operations, resource);
  if (api === undefined || !isJsonObject(template)) return [];
  return [...problems(api, api.input, { given: template, place: "", suffix: PATH_SUFFIX })];
}

async function apiOf(
  operations: OperationRegistry,
  resource: TaskResource,
): Promise<Api | undefined> {
  if (resource.kind !== "service") return undefined;
  const type = `${resource.resourceType}:${resource.action}`;
  if (type === "http:invoke") return HTTP;
  const shapes = await operations.modelOf(namedService(resource.resourceType).signingName);
  if (shapes === undefined) return undefined;
  const operation = upperFirst(resource.action);
  if (!Object.hasOwn(shapes.operations, operation)) return undefined;
  const input = shapes.operations[operation]?.input;
  return input === undefined ? undefined : { shapes, input, without: WITHOUT[type] ?? [] };
}

interface Checked {
  readonly given: Json;
  readonly place: string;
  /** What the name of a field whose value is not known yet ends with. */
  readonly suffix?: string;
}

/** Compares JSON with a shape as far as fields go: whether its values fit is for the service to say. */
function* problems(api: Api, shape: string, checked: Checked): Iterable<ArgumentProblem> {
  const { shapes } = api;
  const { given, place } = checked;
  const structure = shapes.structures[shape];
  const list = shapes.lists[shape];
  const map = shapes.maps[shape];
  if (structure !== undefined && isJsonObject(given)) {
    yield* fieldProblems(api, structure, { ...checked, given });
  } else if (list !== undefined && isJsonArray(given)) {
    for (const [index, element] of given.entries()) {
      const at = { ...checked, given: element, place: `${place}[${index}]` };
      yield* problems(api, list.element.shape, at);
    }
  } else if (map !== undefined && isJsonObject(given)) {
    for (const [key, value] of Object.entries(given)) {
      yield* problems(api, map.value.shape, { ...checked, given: value, place: `${place}/${key}` });
    }
  }
}

function* fieldProblems(
  api: Api,
  { members, required = [] }: StructureShape,
  checked: Checked & { readonly given: JsonObject },
): Iterable<ArgumentProblem> {
  const { given, place, suffix } = checked;
  const without = place === "" ? api.without : [];
  for (const name of required.map(upperFirst)) {
    const isThere = Object.hasOwn(given, name) || Object.hasOwn(given, `${name}${suffix ?? ""}`);
    if (!isThere) yield { message: `The field '${name}' is required but was missing`, place };
  }
  const byName = new Map(
    Object.entries(members).map(([name, { shape }]) => [upperFirst(name), shape]),
  );
  for (const [name, value] of Object.entries(given)) {
    if (suffix !== undefined && name.endsWith(suffix)) continue;
    const shape = without.includes(name) ? undefined : byName.get(name);
    if (shape === undefined) {
      yield { message: `The field "${name}" is not supported by Step Functions`, place };
    } else {
      yield* problems(api, shape, { ...checked, given: value, place: `${place}/${name}` });
    }
  }
}
