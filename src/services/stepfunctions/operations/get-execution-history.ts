import type { GetExecutionHistoryInput, GetExecutionHistoryOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Key } from "../../../kernel/tuple.ts";
import { typeNotSupported } from "../errors.ts";
import { requireExecution } from "../executions.ts";
import { readHistory, toHistoryEvent } from "../history.ts";
import { HISTORY } from "../keys.ts";
import { afterToken, checkPage, formatPageToken, pageSize } from "../page.ts";

/** Answers an execution's history, forward or backward, with or without its payloads. */
export function getExecutionHistory(): Operation<
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput
> {
  return transaction(async (_context, input, tx) => {
    const { record, progress } = await requireExecution(tx, input.executionArn ?? "");
    if (record.type === "EXPRESS") throw typeNotSupported();
    checkPage(input);
    const reverse = input.reverseOrder === true;
    const events = await readHistory(tx, record.uid, {
      after: eventOfToken(record.uid, input.nextToken),
      reverse,
      limit: pageSize(input),
    });
    const last = events.at(-1)?.id;
    const isEnd = last === undefined || last === (reverse ? 1 : progress.lastEvent);
    const withData = input.includeExecutionData !== false;
    return {
      events: events.map((event) => toHistoryEvent(event, { withData })),
      ...(!isEnd && { nextToken: formatPageToken(HISTORY.key(record.uid, last)) }),
    };
  });
}

/** The last event of the page that a token follows. Throws InvalidToken. */
function eventOfToken(uid: string, nextToken: string | undefined): number | undefined {
  if (nextToken === undefined) return undefined;
  afterToken(HISTORY.below(uid), { nextToken });
  // It is below this execution's keys, which are followed by nothing but a number.
  return HISTORY.parts(Buffer.from(nextToken, "base64url").toString("latin1") as Key)[1];
}
