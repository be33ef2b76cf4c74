import { z } from "zod";
import { type AuditEntry, auditEntries, auditRows, difference } from "../../audit/record.ts";
import { currentOrigin } from "../../call-scope.ts";
import { columnsOf, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import type { jobLimit, PausePosition, pause } from "../input.ts";
import { clockTime } from "../parts.ts";

/** A limit on the jobs of a key. Null: no limit of this kind. */
export const limitRow = z.object({
  limitKey: z.string(),
  maxRunning: z.number().nullable(),
  perMinute: z.number().nullable(),
  tokensPerMinute: z.number().nullable(),
  /** Jobs of the key that run now. */
  running: z.number(),
  /** Jobs that started in the last minute, and the tokens that count of them. */
  started: z.number(),
  tokens: z.number(),
  /** When the first of these starts no longer counts; null if none does. */
  moreAt: z.string().nullable(),
  updatedAt: z.string(),
});

export type JobLimit = z.output<typeof limitRow>;

const recent = sql.fragment`clock_timestamp() - interval '1 minute'`;

const recently = (value: Fragment): Fragment => sql.fragment`(
  select ${value} from job_limit_starts start
  where start.limit_key = lim.limit_key and start.started_at > ${clockTime} - interval '1 minute'
)`;

const columns = columnsOf(limitRow, "lim", {
  running: sql.fragment`(select count(*) from job_leases lease where lease.limit_key = lim.limit_key)`,
  started: recently(sql.fragment`coalesce(sum(start.started), 0)::integer`),
  tokens: recently(sql.fragment`greatest(coalesce(sum(start.tokens), 0), 0)::bigint`),
  moreAt: recently(sql.fragment`min(start.started_at) + interval '1 minute'`),
});

export const getLimit = statement("job_limit_get", {
  row: limitRow,
  build: (key: string) => sql.fragment`
    select ${columns} from job_limits lim where lim.limit_key = ${key}`,
  examples: [["k"]],
});

/** The limits of these keys that count tokens. */
export const tokenLimits = statement("job_limit_tokens", {
  row: z.object({ limitKey: z.string(), tokensPerMinute: z.number().nullable() }),
  build: (keys: readonly string[]) => sql.fragment`
    select limit_key, tokens_per_minute from job_limits
    where limit_key = any (${sql.array(keys, "text")}) and tokens_per_minute is not null`,
  examples: [[["k"]]],
});

type ParsedLimit = z.output<typeof jobLimit>;

// No row answers where the limit is as it should be already: a call that comes again changes nothing.
export const setLimit = statement("job_limit_set", {
  row: limitRow,
  build: ({ limitKey, maxRunning, perMinute, tokensPerMinute }: ParsedLimit) => sql.fragment`
    with lim as (
      insert into job_limits (limit_key, max_running, per_minute, tokens_per_minute)
      values (${limitKey}, ${maxRunning}, ${perMinute}, ${tokensPerMinute})
      on conflict (limit_key) do update
      set max_running = excluded.max_running, per_minute = excluded.per_minute,
        tokens_per_minute = excluded.tokens_per_minute, updated_at = now()
      where (job_limits.max_running, job_limits.per_minute, job_limits.tokens_per_minute)
        is distinct from (excluded.max_running, excluded.per_minute, excluded.tokens_per_minute)
      returning *
    )
    select ${columns} from lim`,
  examples: [[{ limitKey: "k", maxRunning: 1, perMinute: null, tokensPerMinute: null }]],
});

/**
 * Counts what a key started before it had a limit. No table has starts by key: the events of the last minute
 * name the jobs. Should there be more events than `limits.limitStartEvents`, the earliest are left out.
 */
export const countEarlierStarts = statement("job_limit_count_earlier", {
  row: z.object({ started: z.number() }),
  build: (key: string) => sql.fragment`
    with job as materialized (
      select distinct j.id, j.tokens
      from (
        select job_ids, created_at from job_events order by xid desc, id desc limit ${limits.limitStartEvents}
      ) event
      cross join lateral unnest(event.job_ids) as changed (id)
      join jobs j on j.id = changed.id
      where event.created_at > ${recent} and j.limit_key = ${key}
    ), start as (
      insert into job_limit_starts (limit_key, started_at, started, tokens)
      select ${key}, begun.at, 1, job.tokens from job cross join lateral (
        select claimed_at as at from job_leases where job_id = job.id
        union all select started_at from job_attempts where job_id = job.id
      ) begun
      where begun.at > ${recent}
      returning 1
    )
    select count(*) as started from start`,
  examples: [["k"]],
});

export const lockLimit = statement("job_limit_lock", {
  row: limitRow,
  build: (key: string) => sql.fragment`
    select ${columns} from job_limits lim where lim.limit_key = ${key} for no key update`,
  examples: [["k"]],
});

export const listLimits = statement("job_limit_list", {
  row: limitRow,
  build: (after: string, limit: number) => sql.fragment`
    select ${columns} from job_limits lim
    where lim.limit_key > ${after} order by lim.limit_key limit ${limit}`,
  examples: [["", 10]],
});

export const deleteLimit = statement("job_limit_delete", {
  row: z.object({ limitKey: z.string() }),
  build: (key: string) => sql.fragment`
    with gone as (delete from job_limits where limit_key = ${key} returning *), ${auditRows({
      action: "delete",
      entityType: "job_limit",
      entityId: sql.fragment`gone.limit_key`,
      changes: sql.fragment`
        jsonb_build_object('before', jsonb_strip_nulls(jsonb_build_object(
          'max_running', gone.max_running, 'per_minute', gone.per_minute,
          'tokens_per_minute', gone.tokens_per_minute
        )))`,
      from: sql.fragment`gone`,
      atMost: 1,
    })}
    select limit_key from gone`,
  examples: [["k"]],
});

/** A pause of a job type, a limit key, or jobs that have both; "": any. */
export const pauseRow = z.object({
  jobType: z.string(),
  limitKey: z.string(),
  createdAt: z.string(),
  /** When it ends by itself; null: not before somebody resumes. */
  endsAt: z.string().nullable(),
  /** Null if nobody was known. */
  createdBy: z.string().nullable(),
});

export type JobPause = z.output<typeof pauseRow>;

export const listPauses = statement("job_pause_list", {
  row: pauseRow,
  build: (after: PausePosition, limit: number) => sql.fragment`
    select ${columnsOf(pauseRow, "pause")} from job_pauses pause
    where (pause.job_type, pause.limit_key) > (${after.jobType}, ${after.limitKey})
    order by pause.job_type, pause.limit_key limit ${limit}`,
  examples: [[{ jobType: "", limitKey: "" }, 10]],
});

type ParsedPause = z.output<typeof pause>;

const pauseExample: ParsedPause = { jobType: "t", limitKey: "" };

// No row answers where the pause is as it should be already.
export const insertPause = statement("job_pause_insert", {
  row: z.object({ jobType: z.string() }),
  build: (pause: ParsedPause) => sql.fragment`
    with paused as (
      insert into job_pauses (job_type, limit_key, created_by, ends_at)
      values (
        ${pause.jobType}, ${pause.limitKey}, ${currentOrigin()?.userId ?? null},
        clock_timestamp() + ${pause.durationMs ?? null}::bigint * interval '1 ms'
      )
      on conflict (job_type, limit_key) do update set ends_at = excluded.ends_at
      where job_pauses.ends_at is distinct from excluded.ends_at
      returning job_type
    ), ${auditEntries([pauseEntry(pause)], sql.fragment`exists (select from paused)`)}
    select job_type from paused`,
  examples: [[pauseExample]],
});

/** Makes the entries of the audit trail for the pauses in `resumed`, at most so many. */
const resumeEntries = (atMost: number) =>
  auditRows({
    action: "resume",
    entityType: sql.fragment`case when job_type <> '' then 'job_type' else 'job_limit' end`,
    entityId: sql.fragment`coalesce(nullif(job_type, ''), limit_key)`,
    changes: sql.fragment`
      jsonb_build_object('before', jsonb_strip_nulls(jsonb_build_object(
        'job_type', nullif(job_type, ''), 'limit_key', nullif(limit_key, '')
      )))`,
    from: sql.fragment`resumed`,
    atMost,
  });

export const deletePause = statement("job_pause_delete", {
  row: z.object({ jobType: z.string() }),
  build: ({ jobType, limitKey }: ParsedPause) => sql.fragment`
    with resumed as (
      delete from job_pauses where job_type = ${jobType} and limit_key = ${limitKey}
      returning job_type, limit_key
    ), ${resumeEntries(1)}
    select job_type from resumed`,
  examples: [[pauseExample]],
});

/** Ends the pauses whose time is over. */
export const endPauses = statement("job_pause_end", {
  row: z.object({ jobType: z.string() }),
  build: (limit: number) => sql.fragment`
    with resumed as (
      delete from job_pauses where (job_type, limit_key) in (
        select job_type, limit_key from job_pauses where ends_at <= ${clockTime}
        order by ends_at limit ${limit} for update skip locked
      )
      returning job_type, limit_key
    ), ${resumeEntries(limit)}
    select job_type from resumed`,
  examples: [[10]],
});

/** The entry of the audit trail for a limit that was made, or changed. */
export function limitEntry(
  before: JobLimit | null,
  { limitKey, maxRunning, perMinute, tokensPerMinute }: JobLimit,
): AuditEntry {
  const after = { maxRunning, perMinute, tokensPerMinute };
  const entity = { entityType: "job_limit", entityId: limitKey } as const;
  if (!before) return { action: "create", ...entity, changes: { after } };
  const former = {
    maxRunning: before.maxRunning,
    perMinute: before.perMinute,
    tokensPerMinute: before.tokensPerMinute,
  };
  return { action: "update", ...entity, changes: difference(former, after) };
}

function pauseEntry({ jobType, limitKey, durationMs }: ParsedPause): AuditEntry {
  const after = {
    ...(jobType && { jobType }),
    ...(limitKey && { limitKey }),
    ...(durationMs && { duration: `${durationMs / 1_000}s` }),
  };
  const entity = jobType
    ? ({ entityType: "job_type", entityId: jobType } as const)
    : ({ entityType: "job_limit", entityId: limitKey } as const);
  return { action: "pause", ...entity, changes: { after } };
}
