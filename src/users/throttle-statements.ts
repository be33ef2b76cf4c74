import { z } from "zod";
import { sql, statement } from "../database/statement/sql.ts";
import { arrayOf, table } from "../database/statement/table.ts";

const exampleKey = "00112233445566778899aabbccddeeff";
const keyRow = z.object({ key: z.string() });

// The statement locks the rows of an attempt, makes missing ones, and goes in the order of their keys, so
// attempts wait for each other but never in a circle.
export const holdAttempts = statement("login_hold", {
  row: z.object({ key: z.string(), failures: z.number(), waitMs: z.number(), isKnown: z.boolean() }),
  build: (keys: readonly string[], forgetHours: number, knownDays: number) => sql.fragment`
    insert into login_attempts as a (key)
    select key from unnest(${arrayOf("bytea", keys)}) as k (key) order by key
    on conflict (key) do update set key = excluded.key
    returning encode(key, 'hex') as key,
      case
        when last_attempt < clock_timestamp() - make_interval(hours => ${forgetHours}) then 0 else failures
      end as failures,
      greatest(0, ceil(extract(epoch from next_attempt - clock_timestamp()) * 1000))::integer as wait_ms,
      coalesce(succeeded_at > clock_timestamp() - make_interval(days => ${knownDays}), false) as is_known`,
  examples: [[[exampleKey], 24, 90]],
});

export const noteAttempts = statement("login_note", {
  row: keyRow,
  build: (notes: readonly { key: string; failures: number; delayMs: number }[]) => sql.fragment`
    update login_attempts a
    set failures = note.failures, last_attempt = clock_timestamp(),
      next_attempt = clock_timestamp() + note.delay_ms * interval '1 ms'
    from ${table("note", notes, { key: "bytea", failures: "int4", delayMs: "int4" })}
    where a.key = note.key
    returning encode(a.key, 'hex') as key`,
  examples: [[[{ key: exampleKey, failures: 1, delayMs: 0 }]]],
});

// The statement takes one failure back from each row.
export const takeBackAttempts = statement("login_take_back", {
  row: keyRow,
  build: (keys: readonly string[]) => sql.fragment`
    with held as (
      select key from login_attempts where key = any (${arrayOf("bytea", keys)})
      order by key for no key update
    )
    update login_attempts a set failures = greatest(a.failures - 1, 0), next_attempt = clock_timestamp()
    from held where a.key = held.key
    returning encode(a.key, 'hex') as key`,
  examples: [[[exampleKey]]],
});

export const noteSuccess = statement("login_success", {
  row: keyRow,
  build: (key: string) => sql.fragment`
    update login_attempts set failures = 0, next_attempt = clock_timestamp(), succeeded_at = clock_timestamp()
    where key = decode(${key}, 'hex')
    returning encode(key, 'hex') as key`,
  examples: [[exampleKey]],
});

export const forgetAttempts = statement("maintenance_forget_logins", {
  row: z.object({ forgotten: z.number() }),
  build: (forgetHours: number, knownDays: number, limit: number) => sql.fragment`
    with forgotten as (
      delete from login_attempts where key = any (array(
        select key from login_attempts
        where last_attempt < now() - make_interval(hours => ${forgetHours})
          and (succeeded_at is null or succeeded_at < now() - make_interval(days => ${knownDays}))
        limit ${limit}
        for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[24, 90, 10]],
});
