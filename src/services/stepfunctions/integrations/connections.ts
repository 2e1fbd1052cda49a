import { readFileSync } from "node:fs";
import type { Settings } from "../../../kernel/operation.ts";
import type { Json } from "../language/json.ts";
import { HttpTaskFailed } from "./http-failure.ts";

/** The option that holds connections: an object of {@link Connection}s by ARN or name, as JSON or in a file. */
export const CONNECTIONS_OPTION = "states.connections";

/** What a connection adds to every request of an HTTP task that uses it. */
export interface Connection {
  readonly headers?: Readonly<Record<string, string>>;
  readonly queryParameters?: Readonly<Record<string, string>>;
  readonly bodyParameters?: Readonly<Record<string, Json>>;
  readonly basic?: { readonly username: string; readonly password: string };
}

/**
 * The connection of an ARN, or of its name; undefined when the options give none. A file is read for each
 * request, so that its secrets can be changed. Throws {@link HttpTaskFailed} when it cannot be read any more.
 */
export function findConnection(settings: Settings, arn: string): Connection | undefined {
  const given = settings.option(CONNECTIONS_OPTION);
  if (given === undefined) return undefined;
  const connections = connectionsOf(given);
  const name = arn.split("connection/")[1]?.split("/")[0] ?? arn;
  for (const known of [arn, name]) if (Object.hasOwn(connections, known)) return connections[known];
  return undefined;
}

function connectionsOf(given: string): Readonly<Record<string, Connection>> {
  try {
    const text = given.trimStart().startsWith("{") ? given : readFileSync(given, "utf8");
    // Options are the operator's own; their form is documented.
    return JSON.parse(text);
  } catch {
    // What is wrong is not told: it may show what is in the file.
    throw new HttpTaskFailed(
      "Events.ConnectionResource.InvalidConnectionState",
      `The file of connections, which the option ${CONNECTIONS_OPTION} names, cannot be read.`,
    );
  }
}
