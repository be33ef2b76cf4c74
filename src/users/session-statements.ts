import { z } from "zod";
import { example, sql, statement } from "../database/statement/sql.ts";

interface NewSession {
  id: string;
  userId: string;
  tokenHash: string;
  hours: number;
  /** The hash with which the password was compared. */
  passwordHash: string;
  /** A stronger one of the same password; undefined: the old one stays. */
  newPasswordHash?: string | undefined;
}

// A session begins only while the user is active and has the password that was compared. The user's row is
// locked first, as by whoever changes those and ends the sessions: neither leaves a session too many.
export const insertSession = statement("session_insert", {
  row: z.object({ id: z.string(), expiresAt: z.string() }),
  build: (s: NewSession) => sql.fragment`
    with u as (
      update users
      set last_login = clock_timestamp(),
        password_hash = coalesce(${s.newPasswordHash ?? null}, password_hash)
      where id = ${s.userId} and active and deleted_at is null and password_hash = ${s.passwordHash}
      returning id
    )
    insert into sessions (id, user_id, created_at, expires_at, token_hash)
    select ${s.id}, u.id, clock_timestamp(), clock_timestamp() + make_interval(hours => ${s.hours}),
      decode(${s.tokenHash}, 'hex')
    from u
    returning id, expires_at`,
  examples: [[{ id: example.id, userId: example.id, tokenHash: "00", hours: 12, passwordHash: "" }]],
});

// A code is a session that has not begun. So whatever ends the sessions of a user ends its codes too.
export const insertCode = statement("session_insert_code", {
  row: z.object({ userId: z.string(), expiresAt: z.string() }),
  build: (c: { id: string; keyId: string; tokenHash: string; minutes: number }) => sql.fragment`
    insert into sessions (id, user_id, created_at, expires_at, token_hash, api_key_id, is_code)
    select ${c.id}, k.user_id, now(),
      least(clock_timestamp() + make_interval(mins => ${c.minutes}), k.expires_at),
      decode(${c.tokenHash}, 'hex'), k.id, true
    from api_keys k
    where k.id = ${c.keyId} and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
    returning user_id, expires_at`,
  examples: [[{ id: example.id, keyId: example.id, tokenHash: "00", minutes: 10 }]],
});

export const findCode = statement("session_find_code", {
  row: z.object({ userId: z.string(), apiKeyId: z.string().nullable(), hash: z.string() }),
  build: (id: string) => sql.fragment`
    select user_id, api_key_id, encode(token_hash, 'hex') as hash from sessions where id = ${id} and is_code`,
  examples: [[example.id]],
});

// Of any number of logins by one code, the first makes a session of it, and the others find none.
export const beginCodeSession = statement("session_begin", {
  row: z.object({ expiresAt: z.string() }),
  build: (id: string, tokenHash: string, hours: number) => sql.fragment`
    with begun as (
      update sessions s
      set is_code = false, token_hash = decode(${tokenHash}, 'hex'), created_at = now(),
        expires_at = least(clock_timestamp() + make_interval(hours => ${hours}), k.expires_at)
      from users u, api_keys k
      where s.id = ${id} and s.is_code and s.expires_at > clock_timestamp()
        and u.id = s.user_id and u.active
        and k.id = s.api_key_id and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > clock_timestamp())
      returning s.user_id, s.expires_at
    ), seen as (
      update users u set last_login = clock_timestamp() from begun where u.id = begun.user_id returning 1
    )
    select expires_at from begun`,
  examples: [[example.id, "00", 12]],
});

export const deleteSession = statement("session_delete", {
  row: z.object({ id: z.string(), userId: z.string() }),
  build: (id: string) => sql.fragment`delete from sessions where id = ${id} returning id, user_id`,
  examples: [[example.id]],
});

export const deleteSessionsOf = statement("session_delete_of_user", {
  row: z.object({ id: z.string() }),
  build: (userId: string, but: string | null) => sql.fragment`
    delete from sessions where user_id = ${userId} and id is distinct from ${but}::uuid returning id`,
  examples: [[example.id, null]],
});

export const forgetSessions = statement("maintenance_forget_sessions", {
  row: z.object({ forgotten: z.number() }),
  build: (limit: number) => sql.fragment`
    with forgotten as (
      delete from sessions where id = any (array(
        select id from sessions where expires_at < now() limit ${limit} for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[10]],
});
