import { assert } from "../../kernel/errors.ts";
import type { StateMachineDefinition } from "./language/definition.ts";
import { parseDefinition } from "./language/parse.ts";
import { MAX_CACHED_DEFINITIONS } from "./limits.ts";
import type { RevisionRecord } from "./records.ts";

/** A revision with its definition understood. */
export interface ParsedRevision {
  readonly record: RevisionRecord;
  readonly definition: StateMachineDefinition;
}

/** Parsed definitions of revisions, which never change: the ones used last are kept. */
export class Definitions {
  readonly #revisions = new Map<string, ParsedRevision>();

  /** The parsed revision when it is kept. */
  find(machineUid: string, revisionId: string): ParsedRevision | undefined {
    const key = `${machineUid}/${revisionId}`;
    const found = this.#revisions.get(key);
    if (found === undefined) return undefined;
    this.#revisions.delete(key);
    this.#revisions.set(key, found);
    return found;
  }

  /** Parses a stored revision, which was valid when it was stored, and keeps it. */
  add(machineUid: string, record: RevisionRecord): ParsedRevision {
    const { definition } = parseDefinition(record.definition);
    assert(definition, `the stored revision ${machineUid}/${record.revisionId} is valid`);
    const parsed: ParsedRevision = { record, definition };
    this.#revisions.set(`${machineUid}/${record.revisionId}`, parsed);
    if (this.#revisions.size > MAX_CACHED_DEFINITIONS) {
      for (const oldest of this.#revisions.keys()) {
        this.#revisions.delete(oldest);
        break;
      }
    }
    return parsed;
  }
}
