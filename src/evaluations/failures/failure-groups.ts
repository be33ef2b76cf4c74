import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { parseInput, uuid, whole } from "../../validation.ts";
import { requireBenchmark } from "../statements.ts";

const groupRow = z.object({
  /** The line by which errors are told apart, with # for what differs from one to the next. */
  message: z.string(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
  /** The latest line that became this message. */
  example: z.string(),
  /** The latest evaluations of the group, at most 3. */
  evaluationIds: z.array(z.string()),
});

/** Failures of a benchmark that have the same error, but for numbers and ids. */
export type FailureGroup = z.output<typeof groupRow>;

export interface FailureGroups {
  /** The largest first. */
  groups: readonly FailureGroup[];
  /** So many further groups, the smallest, are not told of. */
  groupsLeftOut: number;
  /** So many failures were read, the newest. */
  failuresRead: number;
  /** There may be older ones. */
  more: boolean;
}

// What differs between errors of one cause: UUIDs, long hexadecimal numbers, and all others but those of
// three digits from 100 to 599 that stand alone, which mostly are statuses of HTTP.
const varying = String.raw`\m(?:0x[[:xdigit:]]+|[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|(?=[a-f]*\d)[[:xdigit:]]{12,}\M|(?![1-5]\d\d(?!\d|[.,:]\d))\d+(?:[.,:]\d+)*)`;

const most = sql.fragment`${limits.failureLineLength}::integer`;

// Python's tracebacks have the error in their last line, all others in the first.
const line = sql.fragment`
  case when e.error like 'Traceback (most recent call last)%'
    then right(substring(rtrim(right(e.error, 4 * ${most}), E' \\t\\r\\n') from '[^\\r\\n]*$'), ${most})
    else left(substring(ltrim(left(e.error, 4 * ${most}), E' \\t\\r\\n') from '^[^\\r\\n]*'), ${most}) end`;

const readGroups = statement("evaluation_failure_groups", {
  row: groupRow.extend({ failuresRead: z.number(), groups: z.number() }),
  prepared: false,
  build: (benchmarkId: string, limit: number) => sql.fragment`
    with failure as materialized (
      select e.id, e.created_at, coalesce(${line}, '') as line
      from (
        select id, created_at, error from evaluations
        where benchmark_id = ${benchmarkId} and error is not null
        order by created_at desc, id desc limit ${limits.failuresRead}
      ) e
    ), placed as (
      select f.*, row_number() over (partition by f.message order by f.created_at desc, f.id desc) as place
      from (select *, regexp_replace(line, ${varying}, '#', 'g') as message from failure) f
    ), grouped as (
      select message, count(*) as count, min(created_at) as first_at, max(created_at) as last_at,
        max(line) filter (where place = 1) as example,
        array_agg(id order by place) filter (where place <= 3) as evaluation_ids
      from placed group by message
    )
    select
      g.message, g.count, g.first_at, g.last_at, coalesce(g.example, '') as example, g.evaluation_ids,
      (select count(*) from failure) as failures_read, (select count(*) from grouped) as groups
    from grouped g order by g.count desc, g.last_at desc, g.message collate "C" limit ${limit}`,
  examples: [[example.id, 10]],
});

const input = z.strictObject({
  benchmarkId: uuid,
  limit: whole(1, limits.failureGroups).default(limits.pageSizeDefault),
});

/** See `EvaluationRepository.listFailureGroups`. */
export async function readFailureGroups(
  executors: { db: Executor; heavy: Executor },
  benchmarkId: string,
  options: { limit?: number | undefined },
): Promise<FailureGroups> {
  const { limit, ...asked } = parseInput(input, { benchmarkId, limit: options.limit });
  const rows = await executors.heavy.any(readGroups(asked.benchmarkId, limit));
  const [first] = rows;
  if (!first) await requireBenchmark(executors.db, asked.benchmarkId);
  const failuresRead = first?.failuresRead ?? 0;
  return {
    groups: rows.map(({ failuresRead: _read, groups: _groups, ...group }) => group),
    groupsLeftOut: (first?.groups ?? 0) - rows.length,
    failuresRead,
    more: failuresRead >= limits.failuresRead,
  };
}
