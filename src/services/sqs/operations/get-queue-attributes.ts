import type { GetQueueAttributesRequest, GetQueueAttributesResult } from "@aws-sdk/client-sqs";
import { conversation } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Reader } from "../../../kernel/store.ts";
import { isAttributeName, showAttributes } from "../attributes.ts";
import { backlogKindOf } from "../backlog-kind.ts";
import { countOf } from "../backlog.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { invalidAttributeName } from "../errors.ts";
import { queueArn, queueAt } from "../queue.ts";
import type { QueueRecord } from "../queue.ts";
import { dropExpired } from "../retention.ts";

/** The attributes of a queue by name, or all of them. */
export function getQueueAttributes(
  desk: Desk,
): Operation<GetQueueAttributesRequest, GetQueueAttributesResult> {
  return conversation(async (context, input) => {
    const names = input.AttributeNames ?? [];
    if (names.some((name) => name === "All" || name.startsWith("Approximate"))) {
      await promoteAll(desk, context, input);
    }
    const shown = await desk.deps.store.read(async (reader: Reader) => {
      const queue = await queueAt(context, reader, input.QueueUrl ?? "");
      const unknown = names.find((name) => !isAttributeName(name, queue.isFifo));
      if (unknown !== undefined) throw invalidAttributeName(unknown);
      return names.length === 0 ? {} : showAll(reader, queue);
    });
    const isWanted = (name: string): boolean =>
      names.some((each) => each === "All" || each === name);
    const wanted = Object.entries(shown).filter(([name]) => isWanted(name));
    return wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) };
  });
}

/** Makes visible all that became due and drops what expired, so that the counts are right. */
async function promoteAll(
  desk: Desk,
  context: Context,
  input: GetQueueAttributesRequest,
): Promise<void> {
  let changed: number;
  do {
    changed = await desk.deps.store.transact(async (tx) => {
      const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
      const { expired } = await dropExpired(scope);
      return expired + (await backlogKindOf(scope.queue).promote(scope));
    });
  } while (changed > 0);
}

async function showAll(reader: Reader, queue: QueueRecord): Promise<Record<string, string>> {
  const count = async (name: Parameters<typeof countOf>[2]): Promise<string> =>
    String(Math.max(0, await countOf(reader, queue, name)));
  return {
    ...showAttributes(queue),
    QueueArn: queueArn(queue),
    CreatedTimestamp: String(Math.floor(queue.createdAtMs / 1_000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAtMs / 1_000)),
    ApproximateNumberOfMessages: await count("ready"),
    ApproximateNumberOfMessagesDelayed: await count("delayed"),
    ApproximateNumberOfMessagesNotVisible: await count("inFlight"),
  };
}
