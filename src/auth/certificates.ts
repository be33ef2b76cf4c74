import { z } from "zod";
import type { Executor } from "../database/statement/executor.ts";
import { example, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import type { Principal } from "../principal.ts";
import type { ClientCertificate } from "../rpc/tls/client-certificate.ts";

const uriPrefix = "ltb:user:";

const userRow = z.object({ userId: z.string(), username: z.string() });

const workerUser = sql.fragment`role = 'worker' and active and deleted_at is null`;

const findWorkerUser = statement("certificate_find_user", {
  row: userRow,
  build: (username: string) => sql.fragment`
    select id as user_id, username from users where lower(username) = lower(${username}) and ${workerUser}`,
  examples: [["w"]],
});

const recheckWorkerUsers = statement("certificate_recheck_users", {
  row: userRow,
  build: (ids: readonly string[]) => sql.fragment`
    select id as user_id, username from users where id = any (${arrayOf("uuid", ids)}) and ${workerUser}`,
  examples: [[[example.id]]],
});

const principalOf = (row: z.output<typeof userRow>): Principal => ({ ...row, role: "worker", scopes: [] });

/**
 * Reads the username from a client certificate: from a URI `ltb:user:<username>` in its subject alternative
 * name, else from the common name of its subject. Certificates stand only for users of role worker, so that
 * an authority that signs certificates for machines can grant nothing more.
 */
export function usernameOf({ commonName, uris }: ClientCertificate): string | undefined {
  const named = uris.filter((uri) => uri.startsWith(uriPrefix));
  // A certificate with two names has none.
  if (named.length > 1) return undefined;
  const [uri] = named;
  const username = uri === undefined ? commonName : decode(uri.slice(uriPrefix.length));
  return username === "" || username?.includes("\0") ? undefined : username;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Finds the active user of role worker with this name. */
export async function findCertified(db: Executor, username: string): Promise<Principal | undefined> {
  const found = await db.maybeOne(findWorkerUser(username));
  return found ? principalOf(found) : undefined;
}

/** Finds those of the users who are still active and of role worker, in their present state. */
export async function recheckCertified(db: Executor, userIds: readonly string[]): Promise<Principal[]> {
  return userIds.length === 0 ? [] : (await db.any(recheckWorkerUsers(userIds))).map(principalOf);
}
