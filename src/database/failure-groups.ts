import { z } from "zod";
import { limits } from "../limits.ts";
import { whole } from "../validation.ts";
import { type Fragment, sql } from "./statement/sql.ts";

// Failures of evaluations and of jobs are grouped in the same way.

/** Failures that have the same error, but for numbers and ids; and of how many groups it is one. */
export const failureGroupRow = z.object({
  /** The line by which errors are told apart, with # for what differs from one to the next. */
  message: z.string(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
  /** The latest line that became this message. */
  example: z.string(),
  /** The latest of the group, at most 3. */
  ids: z.array(z.string()),
  failuresRead: z.number(),
  groups: z.number(),
});

type FailureGroupRow = z.output<typeof failureGroupRow>;

/** What the lists of groups of evaluations and of jobs have in common. */
export interface GroupsRead<Group> {
  /** The largest first. */
  groups: readonly Group[];
  /** So many further groups, the smallest, are not told of. */
  groupsLeftOut: number;
  /** So many failures were grouped, the newest. */
  failuresRead: number;
  /** There may be older ones. */
  more: boolean;
}

/** How many groups are told of. */
export const groupLimit = whole(1, limits.failureGroups).default(limits.pageSizeDefault);

// What differs between errors of one cause: UUIDs, long hexadecimal numbers, and all others but those of
// three digits from 100 to 599 that stand alone, which mostly are statuses of HTTP.
const varying = String.raw`\m(?:0x[[:xdigit:]]+|[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|(?=[a-f]*\d)[[:xdigit:]]{12,}\M|(?![1-5]\d\d(?!\d|[.,:]\d))\d+(?:[.,:]\d+)*)`;

const most = sql.fragment`${limits.failureLineLength}::integer`;

// Python's tracebacks have the error in their last line, all others in the first.
const line = sql.fragment`
  case when e.error like 'Traceback (most recent call last)%'
    then right(substring(rtrim(right(e.error, 4 * ${most}), E' \\t\\r\\n') from '[^\\r\\n]*$'), ${most})
    else left(substring(ltrim(left(e.error, 4 * ${most}), E' \\t\\r\\n') from '^[^\\r\\n]*'), ${most}) end`;

/** Makes the CTE `grouped`, after that of the failures: a select of their id, created_at and error. */
export const groupedFailures = (failures: Fragment): Fragment => sql.fragment`
  failure as materialized (
    select e.id, e.created_at, coalesce(${line}, '') as line from (${failures}) e
  ), placed as (
    select f.*, row_number() over (partition by f.message order by f.created_at desc, f.id desc) as place
    from (select *, regexp_replace(line, ${varying}, '#', 'g') as message from failure) f
  ), grouped as (
    select message, count(*) as count, min(created_at) as first_at, max(created_at) as last_at,
      max(line) filter (where place = 1) as example,
      array_agg(id order by place) filter (where place <= 3) as ids
    from placed group by message
  )`;

/** Selects the rows (`failureGroupRow`) of the largest groups. */
export const largestGroups = (limit: number): Fragment => sql.fragment`
  select
    g.message, g.count, g.first_at, g.last_at, coalesce(g.example, '') as example, g.ids,
    (select count(*) from failure) as failures_read, (select count(*) from grouped) as groups
  from grouped g order by g.count desc, g.last_at desc, g.message collate "C" limit ${limit}`;

/** Takes apart what is true of a group and what is of them all. */
export function groupsOf(rows: readonly FailureGroupRow[]) {
  const [first] = rows;
  return {
    groups: rows.map(({ failuresRead: _, groups: __, ...group }) => group),
    groupsLeftOut: (first?.groups ?? 0) - rows.length,
    failuresRead: first?.failuresRead ?? 0,
  };
}
