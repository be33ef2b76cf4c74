import { z } from "zod";
import { exampleId, exampleTime } from "../database/statement/examples.ts";
import { columnsOf, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { limits } from "../limits.ts";
import { userRoles } from "./rows.ts";

const principalRow = z.object({
  userId: z.string(),
  username: z.string(),
  role: z.enum(userRoles),
  keyId: z.string().nullable(),
  sessionId: z.string().nullable(),
  scopes: z.array(z.string()),
  expiresAt: z.string().nullable(),
});

export type PrincipalRow = z.output<typeof principalRow>;

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
  keyId: sql.fragment`null::uuid`,
  sessionId: sql.fragment`s.id`,
  scopes: sql.fragment`'{}'::text[]`,
  expiresAt: sql.fragment`s.expires_at`,
});

// The conditions of a valid credential, written once. Deleted users are never active.
const isGoodKey = sql.fragment`
  u.active and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;
const isGoodSession = sql.fragment`u.active and s.expires_at > clock_timestamp()`;

export const findKey = statement("principal_find_key", {
  row: credentialRow,
  build: (keyId: string) => sql.fragment`
    select ${keyPrincipal}, encode(k.key_hash, 'hex') as hash
    from api_keys k join users u on u.id = k.user_id
    where k.key_id = ${keyId} and ${isGoodKey}`,
  examples: [["4fJ2kQ9sLx0B"]],
});

export const findSession = statement("principal_find_session", {
  row: credentialRow,
  build: (id: string) => sql.fragment`
    select ${sessionPrincipal}, encode(s.token_hash, 'hex') as hash
    from sessions s join users u on u.id = s.user_id
    where s.id = ${id} and ${isGoodSession}`,
  examples: [[exampleId]],
});

export const recheckPrincipals = statement("principal_recheck", {
  row: principalRow,
  build: (keyIds: readonly string[], sessionIds: readonly string[]) => sql.fragment`
    select ${keyPrincipal}
    from api_keys k join users u on u.id = k.user_id
    where k.id = any (${arrayOf("uuid", keyIds)}) and ${isGoodKey}
    union all
    select ${sessionPrincipal}
    from sessions s join users u on u.id = s.user_id
    where s.id = any (${arrayOf("uuid", sessionIds)}) and ${isGoodSession}`,
  examples: [[[exampleId], [exampleId]]],
});

// The statement works in the order of ids and skips rows that another server is writing, so two servers that
// saw the same keys do not wait for each other.
export const touchKeys = statement("principal_touch", {
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
  examples: [[[exampleId], exampleTime]],
});
