import type { GetExecutionHistoryInput, GetExecutionHistoryOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Entry } from "../../../kernel/store.ts";
import { typeNotSupported } from "../errors.ts";
import { requireExecution } from "../executions.ts";
import { toHistoryEvent } from "../history.ts";
import type { HistoryRecord } from "../interpreter/protocol.ts";
import { HISTORY } from "../keys.ts";
import { MAX_HISTORY_PAGE_BYTES } from "../limits.ts";
import { formatPageToken, readPage } from "../page.ts";

/** Answers an execution's history, forward or backward, with or without its payloads. */
export function getExecutionHistory(): Operation<
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput
> {
  return transaction(async (_context, input, tx) => {
    const { record } = await requireExecution(tx, input.executionArn ?? "");
    if (record.type === "EXPRESS") throw typeNotSupported();
    const page = await readPage(tx, HISTORY.below(record.uid), {
      ...input,
      reverse: input.reverseOrder === true,
    });
    const fitting = withinBytes(page.entries);
    const last = fitting.at(-1);
    const nextToken =
      fitting.length < page.entries.length && last ? formatPageToken(last.key) : page.nextToken;
    const withData = input.includeExecutionData !== false;
    return {
      events: fitting.map(({ value }) =>
        toHistoryEvent(decodeRecord<HistoryRecord>(value), { withData }),
      ),
      ...(nextToken !== undefined && { nextToken }),
    };
  });
}

/** The first entries that fit into one answer; at least one. */
function withinBytes(entries: readonly Entry[]): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex(({ value }, index) => {
    bytes += value.byteLength;
    return index > 0 && bytes > MAX_HISTORY_PAGE_BYTES;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
