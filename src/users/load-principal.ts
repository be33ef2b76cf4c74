import type { Executor } from "../database/statement/executor.ts";
import type { Principal } from "../principal.ts";
import * as statements from "./principal-statements.ts";
import { isSameHash, type Token } from "./tokens.ts";

/** Credentials by their ids: `api_keys.id` and `sessions.id`. */
export interface CredentialIds {
  readonly keyIds: readonly string[];
  readonly sessionIds: readonly string[];
}

/**
 * Finds the principal of a token; undefined if the token is unknown, revoked or expired, or its user is
 * inactive or deleted.
 */
export async function findPrincipal(db: Executor, token: Token): Promise<Principal | undefined> {
  const find = token.kind === "key" ? statements.findKey : statements.findSession;
  const found = await db.maybeOne(find(token.id));
  // The search uses only the public id, never a secret. The proof is compared here.
  return found && isSameHash(found.hash, token.hash) ? principalOf(found) : undefined;
}

/** Finds the principals of the credentials that are still valid, as they are now, by one statement. */
export async function recheckPrincipals(
  db: Executor,
  { keyIds, sessionIds }: CredentialIds,
): Promise<Principal[]> {
  if (keyIds.length + sessionIds.length === 0) return [];
  return (await db.any(statements.recheckPrincipals(keyIds, sessionIds))).map(principalOf);
}

/** API keys with the time of their use (epoch milliseconds). */
export interface UsedKeys {
  readonly keyIds: readonly string[];
  readonly at: number;
}

/** Notes when keys were last used, each at most once a minute, by one statement. */
export async function touch(db: Executor, { keyIds, at }: UsedKeys): Promise<{ touched: number }> {
  if (keyIds.length === 0) return { touched: 0 };
  return db.one(statements.touchKeys(keyIds, new Date(at).toISOString()));
}

function principalOf(row: statements.PrincipalRow): Principal {
  const { userId, username, role, keyId, sessionId, scopes, expiresAt } = row;
  return {
    userId,
    username,
    role,
    ...(keyId !== null && { keyId }),
    ...(sessionId !== null && { sessionId }),
    scopes,
    ...(expiresAt !== null && { expiresAt: Date.parse(expiresAt) }),
  };
}
