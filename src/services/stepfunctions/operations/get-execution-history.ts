import type { GetExecutionHistoryInput, GetExecutionHistoryOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { typeNotSupported } from "../errors.ts";
import { requireExecution } from "../execution/executions.ts";
import { readHistory, toHistoryEvent } from "../history.ts";
import { HISTORY } from "../keys.ts";
import { formatPageToken, keyOfToken, pageSize } from "../page.ts";

/** Answers an execution's history, forward or backward, with or without its payloads. */
export function getExecutionHistory(): Operation<
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput
> {
  return transaction(async (context, input, tx) => {
    const { record, progress } = await requireExecution(tx, input.executionArn ?? "");
    if (record.type === "EXPRESS") throw typeNotSupported();
    const { nowMs } = context;
    const token = keyOfToken(HISTORY.below(record.uid), { ...input, nowMs });
    const reverse = input.reverseOrder === true;
    const events = await readHistory(tx, record.uid, {
      // It is below this execution's keys, which are followed by nothing but a number.
      after: token && HISTORY.parts(token)[1],
      reverse,
      limit: pageSize(input),
    });
    const last = events.at(-1)?.id;
    const isEnd = last === undefined || last === (reverse ? 1 : progress.lastEvent);
    const withData = input.includeExecutionData !== false;
    return {
      events: events.map((event) => toHistoryEvent(event, { withData })),
      ...(!isEnd && { nextToken: formatPageToken(HISTORY.key(record.uid, last), nowMs) }),
    };
  });
}
