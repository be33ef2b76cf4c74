import { z } from "zod";
import type { Executor } from "../database/statement/executor.ts";
import { columnsOf, example, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { limits } from "../limits.ts";
import type { Principal } from "../principal.ts";
import { userRoles } from "./rows.ts";
import { isSameHash, type Token } from "./tokens.ts";

const principalRow = z.object({
  userId: z.string(),
  username: z.string(),
  role: z.enum(userRoles),
  keyId: z.string().nullable(),
  sessionId: z.string().nullable(),
  scopes: z.array(z.string()),
  expiresAt: z.string().nullable(),
});

const credentialRow = principalRow.extend({ hash: z.string() });

const keyPrincipal = columnsOf(principalRow, "u", {
  userId: sql.fragment`u.id`,
  keyId: sql.fragment`k.id`,
  sessionId: sql.fragment`null::uuid`,
  scopes: sql.fragment`k.scopes`,
  expiresAt: sql.fragment`k.expires_at`,
});
const sessionPrincipal = columnsOf(principalRow, "u", {
  userId: sql.fragment`u.id`,
  keyId: sql.fragment`s.api_key_id`,
  sessionId: sql.fragment`s.id`,
  scopes: sql.fragment`'{}'::text[]`,
  expiresAt: sql.fragment`least(s.expires_at, k.expires_at)`,
});

// Deleted users are never active.
const isGoodKey = sql.fragment`
  u.active and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;
// A session that began with a code ends with the key that made the code. Without a code there is no key here.
const isGoodSession = sql.fragment`not s.is_code and s.expires_at > clock_timestamp() and ${isGoodKey}`;
const sessions = sql.fragment`
  sessions s join users u on u.id = s.user_id left join api_keys k on k.id = s.api_key_id`;

const findKey = statement("principal_find_key", {
  row: credentialRow,
  build: (keyId: string) => sql.fragment`
    select ${keyPrincipal}, encode(k.key_hash, 'hex') as hash
    from api_keys k join users u on u.id = k.user_id
    where k.key_id = ${keyId} and ${isGoodKey}`,
  examples: [["4fJ2kQ9sLx0B"]],
});

const findSession = statement("principal_find_session", {
  row: credentialRow,
  build: (id: string) => sql.fragment`
    select ${sessionPrincipal}, encode(s.token_hash, 'hex') as hash
    from ${sessions}
    where s.id = ${id} and ${isGoodSession}`,
  examples: [[example.id]],
});

const recheck = statement("principal_recheck", {
  row: principalRow,
  build: (keyIds: readonly string[], sessionIds: readonly string[]) => sql.fragment`
    select ${keyPrincipal}
    from api_keys k join users u on u.id = k.user_id
    where k.id = any (${arrayOf("uuid", keyIds)}) and ${isGoodKey}
    union all
    select ${sessionPrincipal}
    from ${sessions}
    where s.id = any (${arrayOf("uuid", sessionIds)}) and ${isGoodSession}`,
  examples: [[[example.id], [example.id]]],
});

// Rows that another server is writing are left out, so that two that saw the same keys do not wait.
const touchKeys = statement("principal_touch", {
  row: z.object({ touched: z.number() }),
  build: (keyIds: readonly string[], at: string) => sql.fragment`
    with stale as (
      select id from api_keys
      where id = any (${arrayOf("uuid", keyIds)})
        and (
          last_used is null
          or last_used <= ${at}::timestamptz - ${limits.credentialTouchMs} * interval '1 ms'
        )
      order by id for no key update skip locked
    ), touched as (
      update api_keys k set last_used = ${at} from stale where k.id = stale.id returning 1
    )
    select count(*) as touched from touched`,
  examples: [[[example.id], example.time]],
});

/** Credentials by their ids: `api_keys.id` and `sessions.id`. */
export interface CredentialIds {
  readonly keyIds: readonly string[];
  readonly sessionIds: readonly string[];
}

/** API keys that were used at a time (epoch milliseconds). */
export interface UsedKeys {
  readonly keyIds: readonly string[];
  readonly at: number;
}

export async function findPrincipal(db: Executor, token: Token): Promise<Principal | undefined> {
  const found = await db.maybeOne((token.kind === "key" ? findKey : findSession)(token.id));
  // The id is public, so that no secret is ever searched for; the proof of the caller is compared here.
  return found && isSameHash(found.hash, token.hash) ? principalOf(found) : undefined;
}

export async function recheckPrincipals(
  db: Executor,
  { keyIds, sessionIds }: CredentialIds,
): Promise<Principal[]> {
  if (keyIds.length + sessionIds.length === 0) return [];
  return (await db.any(recheck(keyIds, sessionIds))).map(principalOf);
}

export async function touch(db: Executor, { keyIds, at }: UsedKeys): Promise<{ touched: number }> {
  return keyIds.length === 0 ? { touched: 0 } : db.one(touchKeys(keyIds, new Date(at).toISOString()));
}

function principalOf(row: z.output<typeof principalRow>): Principal {
  const { userId, username, role, keyId, sessionId, scopes, expiresAt } = row;
  return {
    ...{ userId, username, role, scopes },
    ...(keyId !== null && { keyId }),
    ...(sessionId !== null && { sessionId }),
    ...(expiresAt !== null && { expiresAt: Date.parse(expiresAt) }),
  };
}
