import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { EventLog, EventPosition } from "./events.ts";

/** The position of a watch. */
export interface WatchState {
  position: EventPosition;
  /** True until the present state of all requested ids has been sent. A resumed watch then sends it again. */
  isStarting: boolean;
}

type Entity = EventLog["entity"];

const part = z.int().min(0);
const position = z.union([z.tuple([part, part]), z.tuple([part, part, z.literal(1)])]);

export function encodeCursor(entity: Entity, { xid, id }: EventPosition, isStarting = false): string {
  const state = [...kindOf(entity), xid, id, ...(isStarting ? [1] : [])];
  return Buffer.from(JSON.stringify(state)).toString("base64url");
}

/** @throws INVALID_CURSOR, also for a cursor of another kind of entity */
export function decodeCursor(entity: Entity, cursor: string): WatchState {
  const state = parse(cursor);
  const given = kindOf(entity);
  const isOurs = Array.isArray(state) && given.every((name, index) => state[index] === name);
  const parsed = position.safeParse(isOurs ? state.slice(given.length) : undefined);
  if (!parsed.success) {
    const description = `is not a cursor that a watch of ${entity}s gave out`;
    throw new ServiceError(Code.InvalidArgument, "INVALID_CURSOR", `after_cursor: ${description}`, {
      violations: [{ field: "after_cursor", description }],
    });
  }
  const [xid, id, isStarting] = parsed.data;
  return { position: { xid, id }, isStarting: isStarting === 1 };
}

/** The name that distinguishes cursors. Cursors of jobs, which came first, have none. */
function kindOf(entity: Entity): string[] {
  return entity === "job" ? [] : [entity];
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
}

export function cursorExpired(entity: Entity): ServiceError {
  const message = `changes after this cursor are no longer kept (they are for ${limits.eventMinutes} minutes): read the ${entity}s, and watch without a cursor`;
  return new ServiceError(Code.OutOfRange, "CURSOR_EXPIRED", message);
}
