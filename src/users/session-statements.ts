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
