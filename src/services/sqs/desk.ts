import type { Context, Deps } from "../../kernel/operation.ts";
import type { Tx } from "../../kernel/store.ts";
import type { Scope } from "./backlog.ts";
import { Positions } from "./position.ts";
import type { QueueRecord } from "./queue.ts";
import { queueAt } from "./queue.ts";
import { Quotas } from "./quotas.ts";

/** What every SQS operation works with. */
export interface Desk {
  readonly deps: Deps;
  readonly positions: Positions;
  readonly quotas: Quotas;
}

/** What the operations of one server work with. */
export function openDesk(deps: Deps): Desk {
  return {
    deps,
    positions: new Positions(deps.random, deps.clock),
    quotas: new Quotas({ isEnforced: deps.settings.enforceQuotas }),
  };
}

/** The queue that an operation's URL names, in its transaction. Throws QueueDoesNotExist. */
export async function scopeAt(
  desk: Desk,
  context: Context,
  at: { readonly tx: Tx; readonly url: string | undefined; readonly nowMs?: number },
): Promise<Scope> {
  const { tx, url = "", nowMs = context.nowMs } = at;
  const queue = await queueAt(context, tx, url);
  return { tx, queue, nowMs, positions: desk.positions, work: desk.deps.work };
}

/** A queue that is known already, in its transaction. */
export function scopeOf(
  { positions, deps }: Desk,
  { nowMs }: Context,
  { tx, queue }: { readonly tx: Tx; readonly queue: QueueRecord },
): Scope {
  return { tx, queue, nowMs, positions, work: deps.work };
}
