import type { ServiceResource } from "../interpreter/task-resource.ts";

type Pattern = ServiceResource["pattern"];

/** What an optimized integration can do. */
interface Integration {
  /** Its operations; absent where they are many and not looked at. */
  readonly actions?: readonly string[];
  /** Patterns besides request and response. */
  readonly patterns: readonly Pattern[];
}

const SYNC: readonly Pattern[] = ["sync"];
const TOKEN: readonly Pattern[] = ["token"];

/** https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html */
const INTEGRATIONS: Readonly<Record<string, Integration>> = {
  apigateway: { actions: ["invoke"], patterns: TOKEN },
  athena: { patterns: SYNC },
  batch: { actions: ["submitJob"], patterns: SYNC },
  bedrock: { patterns: ["sync", "token"] },
  codebuild: { patterns: SYNC },
  databrew: { actions: ["startJobRun"], patterns: SYNC },
  dynamodb: { actions: ["getItem", "putItem", "deleteItem", "updateItem"], patterns: [] },
  ecs: { actions: ["runTask"], patterns: ["sync", "token"] },
  eks: { patterns: ["sync", "token"] },
  elasticmapreduce: { patterns: SYNC },
  "emr-containers": { patterns: SYNC },
  "emr-serverless": { patterns: SYNC },
  events: { actions: ["putEvents"], patterns: TOKEN },
  glue: { actions: ["startJobRun"], patterns: SYNC },
  http: { actions: ["invoke"], patterns: [] },
  lambda: { actions: ["invoke"], patterns: TOKEN },
  mediaconvert: { actions: ["createJob"], patterns: SYNC },
  sagemaker: { patterns: SYNC },
  sns: { actions: ["publish"], patterns: TOKEN },
  sqs: { actions: ["sendMessage"], patterns: TOKEN },
  states: { actions: ["startExecution"], patterns: ["sync", "sync:2", "token"] },
};

/** True for an integration that AWS knows: an operation of an SDK, or an optimized one with a pattern that it has. */
export function isKnownIntegration({ resourceType, action, pattern }: ServiceResource): boolean {
  if (resourceType.startsWith("aws-sdk:")) {
    return /^[a-z]/.test(action) && (pattern === "request" || pattern === "token");
  }
  if (!Object.hasOwn(INTEGRATIONS, resourceType)) return false;
  const known = INTEGRATIONS[resourceType];
  if (known?.actions !== undefined && !known.actions.includes(action)) return false;
  return pattern === "request" || known?.patterns.includes(pattern) === true;
}
