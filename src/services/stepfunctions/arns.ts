import { formatArn, parseArn } from "../../kernel/arn.ts";
import { invalidArn, invalidRoleArn, validationError } from "./errors.ts";

/** Whose a resource is. */
export interface Owner {
  readonly accountId: string;
  readonly region: string;
}

/** A state machine's ARN, plain or qualified. */
export interface MachineRef extends Owner {
  readonly name: string;
  /** A version's number. */
  readonly version?: number;
  /** An alias's name. */
  readonly alias?: string;
  /** The label of a Distributed Map state. */
  readonly label?: string;
}

/** An execution's ARN. */
export interface ExecutionRef extends Owner {
  readonly machine: string;
  /** The label of the Distributed Map that it is a child of. */
  readonly label?: string;
  readonly name: string;
  readonly isExpress: boolean;
}

/** The ARN of a state machine. */
export const machineArn = (owner: Owner, name: string): string =>
  formatArn("states", owner, `stateMachine:${name}`);

/** The ARN of a version or an alias. */
export const qualifiedArn = (owner: Owner, name: string, qualifier: string | number): string =>
  formatArn("states", owner, `stateMachine:${name}:${qualifier}`);

/** The ARN of a Distributed Map in a state machine. */
export const labelledArn = (owner: Owner, name: string, label: string): string =>
  formatArn("states", owner, `stateMachine:${name}/${label}`);

/** `machine` is a state machine's name, with `/label` for a child of a Distributed Map. */
export const executionArn = (owner: Owner, machine: string, name: string): string =>
  formatArn("states", owner, `execution:${machine}:${name}`);

/** `unique` tells executions of one name apart, as Express allows them. */
export const expressArn = (
  owner: Owner,
  { machine, name, unique }: { machine: string; name: string; unique: string },
): string => formatArn("states", owner, `express:${machine}:${name}:${unique}`);

/** The ARN of an activity. */
export const activityArn = (owner: Owner, name: string): string =>
  formatArn("states", owner, `activity:${name}`);

/** The ARN of a map run; `unique` tells the runs of one label apart. */
export const mapRunArn = (
  owner: Owner,
  { machine, label, unique }: { machine: string; label: string; unique: string },
): string => formatArn("states", owner, `mapRun:${machine}/${label}:${unique}`);

/** Reads a state machine's ARN. Throws InvalidArn; ValidationException for one of both a Distributed Map and a version or alias. */
export function parseMachineArn(text: string): MachineRef {
  const { owner, kind, rest } = statesArn(text);
  if (kind !== "stateMachine") throw wrongKind(kind);
  const [path = "", qualifier, ...extra] = rest;
  const [name = "", label, ...deeper] = path.split("/");
  if (name === "" || extra.length > 0 || deeper.length > 0) throw invalidArn(text);
  if (qualifier === "") throw invalidArn(text);
  if (qualifier !== undefined && label !== undefined) {
    throw validationError(
      `The ARN '${text}' refers to both a Distributed Map state and a version or alias`,
    );
  }
  if (label !== undefined) return { ...owner, name, label };
  if (qualifier === undefined) return { ...owner, name };
  return /^\d+$/.test(qualifier)
    ? { ...owner, name, version: Number(qualifier) }
    : { ...owner, name, alias: qualifier };
}

/** Reads an execution's ARN, Standard or Express. Throws InvalidArn. */
export function parseExecutionArn(text: string): ExecutionRef {
  const { owner, kind, rest } = statesArn(text);
  if (kind !== "execution" && kind !== "express") throw wrongKind(kind);
  const [path = "", name = "", ...extra] = rest;
  const [machine = "", label] = path.split("/");
  const isExpress = kind === "express";
  if (machine === "" || name === "" || extra.length !== (isExpress ? 1 : 0)) throw invalidArn(text);
  return { ...owner, machine, ...(label !== undefined && { label }), name, isExpress };
}

/** Reads an activity's ARN. Throws InvalidArn. */
export function parseActivityArn(text: string): Owner & { readonly name: string } {
  const { owner, kind, rest } = statesArn(text);
  if (kind !== "activity") throw wrongKind(kind);
  const [name = "", ...extra] = rest;
  if (name === "" || extra.length > 0) throw invalidArn(text);
  return { ...owner, name };
}

/** Throws InvalidArn when `text` is no map run's ARN. */
export function checkMapRunArn(text: string): void {
  const { kind, rest } = statesArn(text);
  if (kind !== "mapRun") throw wrongKind(kind);
  if (rest.length !== 2 || !rest[0]?.includes("/")) throw invalidArn(text);
}

/** Throws InvalidArn when `text` is no role's ARN. */
export function checkRoleArn(text: string): void {
  const arn = parseArn(text);
  const isRole = arn?.service === "iam" && /^role\/./.test(arn.resource);
  if (!isRole) throw invalidRoleArn(text);
}

/** What kind of resource of Step Functions an ARN names, for example `activity`. Throws InvalidArn. */
export function resourceKind(text: string): string {
  return statesArn(text).kind;
}

function statesArn(text: string): { owner: Owner; kind: string; rest: string[] } {
  const arn = parseArn(text);
  if (arn === undefined || arn.service !== "states") {
    throw invalidArn(text, "Invalid ARN prefix");
  }
  const { accountId, region } = arn;
  const [kind = "", ...rest] = arn.resource.split(":");
  return { owner: { accountId, region }, kind, rest };
}

/** The error for the ARN of a resource of another kind than the one that is needed. */
export function wrongKind(kind: string): Error {
  return invalidArn(kind, "Resource type not valid in this context");
}
