/** A statement of a resource policy: who may do what, or not. */
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly [element: string]: unknown;
}

/** A resource policy; see the IAM User Guide, "IAM JSON policy elements reference". */
export interface PolicyDocument {
  readonly Statement: readonly PolicyStatement[];
  readonly [element: string]: unknown;
}

/** The policy of a JSON text, one statement or many as a list; undefined when it is none. */
export function parsePolicy(text: string): PolicyDocument | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed)) return undefined;
  const { Statement } = parsed;
  const statements: unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  return statements.every(isStatement) ? { ...parsed, Statement: statements } : undefined;
}

function isStatement(value: unknown): value is PolicyStatement {
  if (!isRecord(value)) return false;
  const { Effect, Action, NotAction, Principal, NotPrincipal } = value;
  return (
    (Effect === "Allow" || Effect === "Deny") &&
    (Action ?? NotAction) !== undefined &&
    (Principal ?? NotPrincipal) !== undefined
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
