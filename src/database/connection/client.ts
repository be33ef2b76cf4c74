import type { Socket } from "node:net";
import type { Client } from "pg";
import { limits } from "../../limits.ts";

/** A client with the fields that the types of `pg` leave out. */
type WholeClient = Client & { processID: number | null; secretKey: number; _getActiveQuery(): object | null };

/** The numbers by which PostgreSQL, or a pooler, knows the session. */
export function sessionOf(client: Client): { processId: number; secretKey: number } {
  const { processID, secretKey } = client as WholeClient;
  return { processId: processID ?? 0, secretKey };
}

/** The statement that the client waits for, as an identity; nothing where it waits for none. */
export function runningQueryOf(client: Client): object | undefined {
  return (client as WholeClient)._getActiveQuery() ?? undefined;
}

export function socketOf(client: Client): Socket {
  return client.connection.stream as Socket;
}

/**
 * Runs `work` on the client, whose connection is cut after `ms`: a peer that is gone without a word answers
 * nothing, and TCP notices that only after many minutes.
 */
export async function runOrCut<T>(client: Client, ms: number, work: () => Promise<T>): Promise<T> {
  const late = setTimeout(() => socketOf(client).destroy(), ms).unref();
  try {
    return await work();
  } finally {
    clearTimeout(late);
  }
}

/** Closes the connection, also where the other end does not answer that. Never fails. */
export function closeClient(client: Client): Promise<void> {
  return runOrCut(client, limits.cancelGraceMs, () => client.end()).catch(() => undefined);
}
