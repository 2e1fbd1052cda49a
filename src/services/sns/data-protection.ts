import { invalidParameter } from "./errors.ts";
import { readJsonObject } from "./json-object.ts";
import { LIMITS } from "./limits.ts";

const VERSION = "2021-06-01";

/** Checks a data protection policy's form; "Data protection policies in Amazon SNS". Throws InvalidParameter. */
export function checkDataProtectionPolicy(text: string): void {
  if (Buffer.byteLength(text) > LIMITS.policyBytes)
    throw refused(`must be at most ${LIMITS.policyBytes} bytes`);
  const { Name: name, Version: version, Statement: statements } = readJsonObject(text, refused);
  if (typeof name !== "string") throw refused("Name is required");
  if (version !== VERSION) throw refused(`Version must be ${VERSION}`);
  if (!Array.isArray(statements) || statements.length === 0) {
    throw refused("Statement must be a non-empty array");
  }
  statements.forEach(checkStatement);
}

function checkStatement(statement: unknown): void {
  if (typeof statement !== "object" || statement === null)
    throw refused("a Statement must be an object");
  for (const name of ["DataDirection", "Principal", "DataIdentifier", "Operation"]) {
    if (!(name in statement)) throw refused(`Statement.${name} is required`);
  }
  const direction = "DataDirection" in statement ? statement.DataDirection : undefined;
  if (direction !== "Inbound" && direction !== "Outbound") {
    throw refused("Statement.DataDirection must be Inbound or Outbound");
  }
  const operation = "Operation" in statement ? statement.Operation : undefined;
  const [name, ...others] = Object.keys(
    typeof operation === "object" && operation !== null ? operation : {},
  );
  if (others.length > 0 || !["Audit", "Deidentify", "Deny"].includes(name ?? "")) {
    throw refused("Statement.Operation must be one of Audit, Deidentify or Deny");
  }
}

function refused(reason: string): Error {
  return invalidParameter(`DataProtectionPolicy: ${reason}`);
}
