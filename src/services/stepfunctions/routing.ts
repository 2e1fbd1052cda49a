import type { RoutingConfigurationListItem } from "@aws-sdk/client-sfn";
import type { Reader } from "../../kernel/store.ts";
import { parseMachineArn } from "./arns.ts";
import { resourceNotFound, validationError } from "./errors.ts";
import { findMachine, findVersion } from "./machines.ts";
import type { MachineRecord } from "./records.ts";

/** Checks an alias's routing and finds the machine whose versions it names. Throws ValidationException, ResourceNotFound. */
export async function checkRouting(
  reader: Reader,
  routing: readonly RoutingConfigurationListItem[],
): Promise<MachineRecord> {
  if (routing.length === 0 || routing.length > 2) {
    throw invalid("The routing configuration must have one or two versions");
  }
  const total = routing.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const isOutOfRange = routing.some(({ weight = 0 }) => weight < 0 || weight > 100);
  if (total !== 100 || isOutOfRange)
    throw invalid("The sum of the weights of the routing configuration must be equal to 100");
  let machine: MachineRecord | undefined;
  const seen = new Set<string>();
  for (const { stateMachineVersionArn: arn = "" } of routing) {
    const ref = parseMachineArn(arn);
    if (ref.version === undefined) throw invalid(`The ARN '${arn}' is not a version ARN`);
    if (seen.has(arn)) throw invalid("The versions of the routing configuration must differ");
    seen.add(arn);
    const found = await findMachine(reader, ref);
    if (found === undefined || (await findVersion(reader, found, ref.version)) === undefined)
      throw resourceNotFound(arn);
    if (machine !== undefined && machine.uid !== found.uid)
      throw invalid("The versions must be of the same state machine");
    machine = found;
  }
  if (machine === undefined)
    throw invalid("The routing configuration must have one or two versions");
  return machine;
}

function invalid(message: string): Error {
  return validationError(message, "INVALID_ROUTING_CONFIGURATION");
}
