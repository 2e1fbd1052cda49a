import type { RoutingConfigurationListItem } from "@aws-sdk/client-sfn";
import { assert } from "../../kernel/errors.ts";
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
  const total = routing.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (total !== 100)
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
  assert(machine, "a routing configuration has a version");
  return machine;
}

function invalid(message: string): Error {
  return validationError(message, "INVALID_ROUTING_CONFIGURATION");
}
