/** How a Task state's Resource is run, understood from its ARN. */
export type TaskResource =
  | { readonly kind: "activity"; readonly arn: string }
  | { readonly kind: "lambda"; readonly arn: string }
  | ServiceResource;

/** An integration of Step Functions with a service. */
export interface ServiceResource {
  readonly kind: "service";
  /** As histories call it: `sqs`, or `aws-sdk:sqs`. */
  readonly resourceType: string;
  /** As histories call it: `sendMessage`, or `startExecution.sync:2`. */
  readonly resource: string;
  /** The resource without its pattern. */
  readonly action: string;
  readonly pattern: "request" | "sync" | "sync:2" | "token";
}

const SERVICE_ARN =
  /^arn:aws[a-z-]*:states:[^:]*:[^:]*:((?:aws-sdk:)?[A-Za-z0-9-]+):([A-Za-z0-9]+)(\.sync:2|\.sync|\.waitForTaskToken|\.[A-Za-z:0-9]+)?$/;
const PATTERNS: Readonly<Record<string, ServiceResource["pattern"]>> = {
  ".sync": "sync",
  ".sync:2": "sync:2",
  ".waitForTaskToken": "token",
};

/** Understands the Resource of a Task state; undefined when it names nothing that can be run. */
export function parseTaskResource(arn: string): TaskResource | undefined {
  if (/^arn:aws[a-z-]*:states:[^:]+:[^:]+:activity:/.test(arn)) return { kind: "activity", arn };
  if (/^arn:aws[a-z-]*:lambda:[^:]*:[^:]*:function:/.test(arn)) return { kind: "lambda", arn };
  const match = SERVICE_ARN.exec(arn);
  if (match === null) return undefined;
  const [, resourceType = "", action = "", suffix = ""] = match;
  const pattern = suffix === "" ? "request" : PATTERNS[suffix];
  if (pattern === undefined) return undefined;
  return { kind: "service", resourceType, resource: action + suffix, action, pattern };
}
