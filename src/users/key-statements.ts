import { z } from "zod";
import { fetched, page } from "../database/statement/page.ts";
import { columnsOf, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import type { newApiKey, UserPosition } from "./input.ts";
import { apiKeyRow } from "./rows.ts";

const isGood = (k: Fragment) => sql.fragment`
  (${k}.revoked_at is null and (${k}.expires_at is null or ${k}.expires_at > clock_timestamp()))`;

const columns = columnsOf(apiKeyRow, "k", { active: isGood(sql.fragment`k`) });
const pageColumns = columnsOf(apiKeyRow, "r", { active: isGood(sql.fragment`r`) });

interface KeyRow extends z.output<typeof newApiKey> {
  id: string;
  /** The key ends at this time or before; null: `expiresAt` alone counts. */
  notAfter?: string | null;
  keyId: string;
  hash: string;
  rotatedFrom?: string;
}

// least() ignores null here too.
export const insertApiKey = statement("api_key_insert", {
  row: apiKeyRow,
  build: (k: KeyRow) => sql.fragment`
    insert into api_keys as k (id, user_id, name, scopes, expires_at, created_by, created_by_key, key_id,
      key_hash, rotated_from)
    values (
      ${k.id}, ${k.userId}, ${k.name}, ${sql.array(k.scopes, "text")},
      least(
        ${k.expiresAt ?? null}::timestamptz,
        clock_timestamp() + ${k.expiresInMs ?? null}::double precision * interval '1 ms',
        ${k.notAfter ?? null}::timestamptz
      ),
      ${k.createdBy ?? null}, ${k.createdByKey ?? null}, ${k.keyId}, decode(${k.hash}, 'hex'),
      ${k.rotatedFrom ?? null}
    )
    on conflict (id) do nothing
    returning ${columns}`,
  examples: [
    [{ id: example.id, userId: example.id, name: "n", scopes: ["jobs:read"], keyId: "4fJ2kQ9s", hash: "00" }],
  ],
});

export const getApiKey = statement("api_key_get", {
  row: apiKeyRow,
  build: (id: string) => sql.fragment`select ${columns} from api_keys k where k.id = ${id}`,
  examples: [[example.id]],
});

export const lockApiKey = statement("api_key_lock", {
  row: apiKeyRow,
  build: (id: string) => sql.fragment`select ${columns} from api_keys k where k.id = ${id} for no key update`,
  examples: [[example.id]],
});

/** Keeps a key as it is until the transaction ends, unlike `lockApiKey` for any number of transactions. */
export const holdApiKey = statement("api_key_hold", {
  row: apiKeyRow,
  build: (id: string) => sql.fragment`select ${columns} from api_keys k where k.id = ${id} for share`,
  examples: [[example.id]],
});

export const listApiKeys = statement("api_key_list", {
  row: apiKeyRow.extend(fetched),
  prepared: false,
  build: (userId: string, limit: number, after: UserPosition | undefined) =>
    page({
      rows: sql.fragment`
        select * from api_keys k where k.user_id = ${userId} ${
          after
            ? sql.fragment`and (k.created_at, k.id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`
            : sql.fragment``
        }
        order by k.created_at desc, k.id desc limit ${limit}`,
      columns: pageColumns,
      size: sql.fragment`300 + octet_length(r.name) + coalesce(pg_column_size(r.scopes), 0)`,
      order: sql.fragment`r.created_at desc, r.id desc`,
    }),
  examples: [
    [example.id, 2, undefined],
    [example.id, 2, { createdAt: example.time, id: example.id }],
  ],
});

export const revokeApiKey = statement("api_key_revoke", {
  row: apiKeyRow,
  build: (id: string) => sql.fragment`
    update api_keys k set revoked_at = coalesce(revoked_at, clock_timestamp()) where k.id = ${id}
    returning ${columns}`,
  examples: [[example.id]],
});

/** Revokes keys that this key has made, or keys that it made have made, and so on: at most `limit`. */
export const revokeDescendants = statement("api_key_revoke_descendants", {
  row: apiKeyRow,
  build: (id: string, limit: number) => sql.fragment`
    with recursive made as (
      select k.id from api_keys k where k.created_by_key = ${id}
      union
      select k.id from api_keys k join made m on k.created_by_key = m.id
    ), good as (
      select k.id from api_keys k join made m on m.id = k.id
      where k.revoked_at is null order by k.id limit ${limit} for no key update of k
    )
    update api_keys k set revoked_at = clock_timestamp() from good where k.id = good.id
    returning ${columns}`,
  examples: [[example.id, 10]],
});

export const revokeApiKeysOf = statement("api_key_revoke_all", {
  row: z.object({ revoked: z.number() }),
  build: (userId: string) => sql.fragment`
    with revoked as (
      update api_keys set revoked_at = clock_timestamp() where user_id = ${userId} and revoked_at is null
      returning 1
    )
    select count(*) as revoked from revoked`,
  examples: [[example.id]],
});

// least() ignores null, so a key without expiry gets one, and no key gets a later one than it had.
export const expireApiKey = statement("api_key_expire", {
  row: apiKeyRow,
  build: (id: string, overlapMs: number) => sql.fragment`
    update api_keys k
    set expires_at = least(k.expires_at, clock_timestamp() + ${overlapMs}::double precision * interval '1 ms')
    where k.id = ${id} returning ${columns}`,
  examples: [[example.id, 0]],
});
