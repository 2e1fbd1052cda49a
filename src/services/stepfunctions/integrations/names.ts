import { upperFirst } from "./shapes.ts";

/** Services whose name in a task's resource is not the one that requests are signed with. */
const SIGNING_NAMES: Readonly<Record<string, string>> = {
  apigatewayv2: "apigateway",
  cloudwatch: "monitoring",
  cloudwatchlogs: "logs",
  eventbridge: "events",
  efs: "elasticfilesystem",
  sesv2: "ses",
  sfn: "states",
};

/** How error names of optimized integrations begin. */
const OPTIMIZED_PREFIXES: Readonly<Record<string, string>> = {
  apigateway: "ApiGateway",
  dynamodb: "DynamoDB",
  events: "EventBridge",
  lambda: "Lambda",
  sns: "SNS",
  sqs: "SQS",
  states: "StepFunctions",
};

/** What the SDK of optimized integrations calls services in its messages. */
const OPTIMIZED_SDK_NAMES: Readonly<Record<string, string>> = {
  apigateway: "AmazonApiGateway",
  dynamodb: "AmazonDynamoDBv2",
  events: "AmazonCloudWatchEvents",
  lambda: "AWSLambda",
  sns: "AmazonSNS",
  sqs: "AmazonSQS",
  states: "AWSStepFunctions",
};

/** A service as a task's resource names it. */
export interface NamedService {
  readonly signingName: string;
  /** What stands before the dot in the names of its errors: `Sqs` or `SQS`. */
  readonly errorPrefix: string;
  /** What it is called in the causes of its errors: `Sqs` or `AmazonSQS`. */
  readonly sdkName: string;
  readonly isSdk: boolean;
}

/** Understands a resource type: `sqs` or `aws-sdk:sqs`. */
export function namedService(resourceType: string): NamedService {
  const isSdk = resourceType.startsWith("aws-sdk:");
  const name = isSdk ? resourceType.slice("aws-sdk:".length) : resourceType;
  const signingName = SIGNING_NAMES[name] ?? name;
  const errorPrefix = isSdk ? upperFirst(name) : (OPTIMIZED_PREFIXES[name] ?? upperFirst(name));
  const sdkName = isSdk ? errorPrefix : (OPTIMIZED_SDK_NAMES[name] ?? errorPrefix);
  return { signingName, errorPrefix, sdkName, isSdk };
}

/**
 * The error name that a task fails with: `Sqs.QueueDoesNotExistException` for the shape of an error,
 * and for an error that the service's model does not have (undefined) the SDK's exception for all of
 * the service's errors, `Sqs.SqsException` or `SQS.AmazonSQSException`.
 */
export function errorName(service: NamedService, shape: string | undefined): string {
  const name = shape === undefined ? service.sdkName : upperFirst(shape);
  return `${service.errorPrefix}.${/(?:Exception|Error)$/.test(name) ? name : `${name}Exception`}`;
}
