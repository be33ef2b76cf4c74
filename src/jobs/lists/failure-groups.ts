import type { z } from "zod";
import {
  failureGroupRow,
  type GroupsRead,
  groupedFailures,
  groupsOf,
  largestGroups,
} from "../../database/failure-groups.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { equalities, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { parseInput } from "../../validation.ts";
import { type FailureFilter, failureFilter } from "../input.ts";
import { within } from "./conditions.ts";

/** Failed jobs that have the same error, but for numbers and ids; with the latest of them. */
export type JobFailureGroup = Omit<z.output<typeof failureGroupRow>, "ids" | "failuresRead" | "groups"> & {
  jobIds: string[];
};

type Query = z.output<typeof failureFilter>;

// The newest failures of the window, whatever their type and benchmark: a statement reads no more of them.
const newest = ({ endedAfter, endedBefore }: Query): Fragment => sql.fragment`
  select job_id, finished_at from job_finished
  where ${sql.and([
    sql.fragment`status = 'failed'`,
    ...within(sql.fragment`finished_at`, endedAfter, endedBefore),
  ])}
  order by finished_at desc, job_id desc limit ${limits.scanRows}`;

export const readGroups = statement("job_failure_groups", {
  row: failureGroupRow,
  prepared: false,
  build: (query: Query) => sql.fragment`
    with ${groupedFailures(sql.fragment`
      select j.id, fin.finished_at as created_at, j.error
      from (${newest(query)}) fin join jobs j on j.id = fin.job_id
      where ${sql.and([
        sql.fragment`true`,
        ...equalities({ jobType: query.jobType, benchmarkId: query.benchmarkId }, "j"),
      ])}`)}
    ${largestGroups(query.limit)}`,
  examples: [
    [{ limit: 10 }],
    [
      {
        limit: 10,
        jobType: "t",
        benchmarkId: example.id,
        endedAfter: example.time,
        endedBefore: example.time,
      },
    ],
  ],
});

const countNewest = statement("job_failures_newest", {
  row: failureGroupRow.pick({ count: true }),
  prepared: false,
  build: (query: Query) => sql.fragment`select count(*) as count from (${newest(query)}) fin`,
  examples: [[{ limit: 10, endedAfter: example.time, endedBefore: example.time }]],
});

/** See `JobRepository.listFailureGroups`. */
export async function listFailureGroups(
  db: Executor,
  filter: FailureFilter,
): Promise<GroupsRead<JobFailureGroup>> {
  const query = parseInput(failureFilter, filter);
  const { groups, ...read } = groupsOf(await db.any(readGroups(query)));
  const { count } = await db.one(countNewest(query));
  return {
    groups: groups.map(({ ids: jobIds, ...group }) => ({ ...group, jobIds })),
    ...read,
    more: count >= limits.scanRows,
  };
}
