/** The parts of an Amazon Resource Name: `arn:partition:service:region:account:resource`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** All that follows the fifth colon, colons included. */
  readonly resource: string;
}

/** The parts of `text`, or undefined when it is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const [prefix, partition, service, region, accountId, ...rest] = text.split(":");
  if (prefix !== "arn" || !partition || !service || rest.length === 0) return undefined;
  if (region === undefined || accountId === undefined) return undefined;
  const resource = rest.join(":");
  if (resource === "") return undefined;
  return { partition, service, region, accountId, resource };
}

/** The partition that a region belongs to: `aws`, `aws-cn` or `aws-us-gov`. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

/** The ARN of a regional resource. */
export function formatArn(
  service: string,
  owner: { readonly region: string; readonly accountId: string },
  resource: string,
): string {
  return `arn:${partitionOf(owner.region)}:${service}:${owner.region}:${owner.accountId}:${resource}`;
}
