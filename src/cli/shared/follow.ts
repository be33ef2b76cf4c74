import { setTimeout as sleep } from "node:timers/promises";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { noDeadline } from "./client.ts";
import { isTransient } from "./describe-error.ts";
import { note } from "./output.ts";

/** Pauses before a broken watch is resumed, in milliseconds; the last is that of all further ones. */
const PAUSES_MS = [200, 1_000, 3_000, 5_000];
/** A service that stays away for longer is given up. */
const PATIENCE_MS = 5 * 60_000;

/**
 * The messages of a watch; one of things named by id first brings how they stand. A watch that breaks is
 * resumed after its last message, without a gap; one that cannot be, because the changes are no longer kept,
 * begins anew with how they stand. Ends when the signal aborts.
 * @param things what is watched, in the plural
 * @param watch begins after a cursor; an empty one: now
 */
export async function* follow<Message extends { cursor: string }>(
  things: string,
  watch: (afterCursor: string, options: CallOptions) => AsyncIterable<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  let afterCursor = "";
  let lastHeard = 0;
  for (let failures = 0; !signal.aborted; ) {
    let broken: unknown;
    try {
      for await (const message of watch(afterCursor, { ...noDeadline, signal })) {
        failures = 0;
        lastHeard = Date.now();
        afterCursor = message.cursor;
        yield message;
      }
    } catch (error) {
      broken = error;
    }
    if (signal.aborted) return;
    if (broken instanceof ConnectError && broken.code === Code.OutOfRange) {
      note(
        `note: changes were missed while the connection was broken; going on from how the ${things} stand`,
      );
      afterCursor = "";
      continue;
    }
    // A service that cannot be reached is reported at once.
    const goneFor = Date.now() - lastHeard;
    if (broken !== undefined && (!isTransient(broken) || goneFor > PATIENCE_MS)) throw broken;
    const pause = PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)] ?? 0;
    note(`note: the connection broke; resuming in ${pause / 1000} s`);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
