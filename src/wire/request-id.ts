import type { HandlerContext } from "@connectrpc/connect";
import type { Once } from "../database/requests.ts";
import { callOf } from "../rpc/call/context.ts";

/** What makes a create safe to repeat, if its request has a request id. */
export function onceOf({ requestId }: { requestId: string }, context: HandlerContext): Once | undefined {
  if (requestId === "") return undefined;
  const actor = callOf(context).actor?.userId;
  return actor === undefined ? { requestId } : { requestId, actor };
}
