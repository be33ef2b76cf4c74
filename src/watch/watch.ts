import { hash } from "node:crypto";
import { currentSignal } from "../call-scope.ts";
import { limits } from "../limits.ts";
import { cursorExpired, decodeCursor, encodeCursor, type WatchState } from "./cursor.ts";
import type { EventPosition } from "./events.ts";
import type { ChangeFeed } from "./feed.ts";
import type { Changed } from "./latest.ts";

export interface WatchOptions {
  /** `cursor` of the last received change; the watch goes on after it. Default: changes from now on. */
  after?: string | undefined;
  /** Longest silence in milliseconds before a message without a change. Default: 15,000. */
  silenceMs?: number;
}

/** The entities that a watch is about. */
export interface Watched<Found extends { id: string }, Message> {
  feed: ChangeFeed;
  /** Ids to watch; empty for all. */
  ids: readonly string[];
  /**
   * Reads the present states to send, in the given order, deleted ones included. It reads each not before its
   * last event, and not before the watch began.
   */
  find: (changed: readonly Changed[]) => AsyncIterable<Found>;
  message: (found: Found, cursor: string) => Message;
}

/**
 * Streams changes as messages, each with the cursor to resume from. An entity that changes several times
 * before its message is sent comes once, with its latest state. Messages that only move the cursor come at
 * once and after every silence. While events cannot be read, named entities are looked at now and then; their
 * changes come with the cursor from before.
 */
export async function* watch<Found extends { id: string }, Message>(
  { feed, ids, find: findAny, message }: Watched<Found, Message>,
  { after, silenceMs = limits.watchSilenceMs }: WatchOptions,
): AsyncGenerator<Message | { cursor: string }, never> {
  const wanted = ids.length > 0 ? new Set(ids) : undefined;
  const find = wanted ? onlyNews(findAny) : findAny;
  const signal = currentSignal();
  const { entity } = feed.log;
  const leave = feed.join();
  try {
    const { position: start, isStarting } = await findStart(feed, ids, after);
    let position = start;
    yield { cursor: encodeCursor(entity, position, isStarting) };
    if (isStarting) {
      const cursorOf = (next: Found | undefined) => encodeCursor(entity, position, next !== undefined);
      yield* makeMessages(find(changedAt(ids, position)), message, cursorOf);
    }
    let spokeAt = Date.now();
    for (;;) {
      const silentFor = Date.now() - spokeAt;
      if (silentFor >= silenceMs) {
        yield { cursor: encodeCursor(entity, position) };
        spokeAt = Date.now();
      }
      const { changes, upTo } = await collect(feed, position, wanted, signal);
      if (upTo === position) {
        if (wanted && feed.isStalled) {
          const cursor = encodeCursor(entity, position);
          for await (const next of find(changedAt(wanted, position))) {
            yield message(next, cursor);
            spokeAt = Date.now();
          }
        }
        const leftMs = Math.max(0, spokeAt + silenceMs - Date.now());
        position = await feed.wait(position, wanted, leftMs, signal);
        continue;
      }
      // A client that resumes after a message must still get all later ones, so its cursor is before the
      // event of the next message.
      const cursorBefore = (next: Found | undefined) =>
        encodeCursor(entity, (next && changes.get(next.id)?.before) ?? upTo);
      let told = 0;
      for await (const next of makeMessages(find([...changes.values()]), message, cursorBefore)) {
        yield next;
        spokeAt = Date.now();
        told++;
      }
      position = upTo;
      await feed.rest(told, signal);
    }
  } finally {
    leave();
  }
}

/** Leaves out what is as it was told last; it remembers a digest of each. */
function onlyNews<Found extends { id: string }>(
  find: Watched<Found, unknown>["find"],
): Watched<Found, unknown>["find"] {
  const told = new Map<string, string>();
  return async function* (changed) {
    for await (const found of find(changed)) {
      const state = hash("sha256", JSON.stringify(found), "base64url");
      if (told.get(found.id) === state) continue;
      told.set(found.id, state);
      yield found;
    }
  };
}

/** Named entities as if each had changed at this position. */
function changedAt(ids: Iterable<string>, at: EventPosition): Changed[] {
  return Array.from(new Set(ids), (id) => ({ id, at }));
}

async function findStart(
  feed: ChangeFeed,
  ids: readonly string[],
  after: string | undefined,
): Promise<WatchState> {
  if (after === undefined) return { position: await feed.now(), isStarting: ids.length > 0 };
  const state = decodeCursor(feed.log.entity, after);
  const isForgotten = feed.log.isForgotten(state.position);
  if ((await feed.load((db) => db.one(isForgotten), currentSignal())).forgotten)
    throw cursorExpired(feed.log.entity);
  return state;
}

/** A changed entity, and the position before its last event. */
interface Change extends Changed {
  before: EventPosition;
}

/**
 * Gathers everything that changed since a position, or as much as is worth sending before reading on.
 * @returns `changes` by the id of the entity, in the order of their last events
 */
async function collect(
  feed: ChangeFeed,
  from: EventPosition,
  wanted: ReadonlySet<string> | undefined,
  signal: AbortSignal | undefined,
): Promise<{ changes: ReadonlyMap<string, Change>; upTo: EventPosition }> {
  const changes = new Map<string, Change>();
  const startedAt = Date.now();
  let upTo = from;
  while (changes.size < limits.watchPortionIds && Date.now() - startedAt < limits.watchCollectMs) {
    const events = await feed.read(upTo, signal);
    if (events.length === 0) break;
    for (const { xid, id: eventId, ids } of events) {
      if (ids.length === 0) throw cursorExpired(feed.log.entity);
      const at = { xid, id: eventId };
      for (const id of ids) {
        if (wanted && !wanted.has(id)) continue;
        changes.delete(id);
        changes.set(id, { id, before: upTo, at });
      }
      upTo = at;
    }
  }
  return { changes, upTo };
}

/** @param cursorBefore makes the cursor of a message from the id of the next one; undefined for the last */
async function* makeMessages<Found, Message>(
  found: AsyncIterable<Found>,
  message: (found: Found, cursor: string) => Message,
  cursorBefore: (next: Found | undefined) => string,
): AsyncGenerator<Message> {
  let held: Found | undefined;
  for await (const next of found) {
    if (held) yield message(held, cursorBefore(next));
    held = next;
  }
  if (held) yield message(held, cursorBefore(undefined));
}
