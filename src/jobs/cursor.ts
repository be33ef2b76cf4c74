import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { EventPosition } from "./events.ts";

/** Where a watch stands. */
export interface WatchState {
  position: EventPosition;
  /** True while the jobs that were asked for have not all been sent as they stand: a resumed watch sends them again. */
  isStarting: boolean;
}

const part = z.int().min(0);
const token = z.union([z.tuple([part, part]), z.tuple([part, part, z.literal(1)])]);

export function encodeCursor({ xid, id }: EventPosition, isStarting = false): string {
  return Buffer.from(JSON.stringify(isStarting ? [xid, id, 1] : [xid, id])).toString("base64url");
}

/** @throws INVALID_CURSOR */
export function decodeCursor(cursor: string): WatchState {
  const parsed = token.safeParse(parse(cursor));
  if (!parsed.success) {
    const description = "is not a cursor that a watch gave out";
    throw new ServiceError(Code.InvalidArgument, "INVALID_CURSOR", `after_cursor: ${description}`, {
      violations: [{ field: "after_cursor", description }],
    });
  }
  const [xid, id, isStarting] = parsed.data;
  return { position: { xid, id }, isStarting: isStarting === 1 };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
}

export function cursorExpired(): ServiceError {
  return new ServiceError(
    Code.OutOfRange,
    "CURSOR_EXPIRED",
    `changes after this cursor are no longer kept (they are for ${limits.eventMinutes} minutes): read the jobs, and watch without a cursor`,
  );
}
