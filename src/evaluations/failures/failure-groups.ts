import { z } from "zod";
import {
  failureGroupRow,
  type GroupsRead,
  groupedFailures,
  groupLimit,
  groupsOf,
  largestGroups,
} from "../../database/failure-groups.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { parseInput, uuid } from "../../validation.ts";
import { requireBenchmark } from "../statements.ts";

/** Failures of a benchmark that have the same error, but for numbers and ids; with its latest evaluations. */
export type FailureGroup = Omit<z.output<typeof failureGroupRow>, "ids" | "failuresRead" | "groups"> & {
  evaluationIds: string[];
};

export type FailureGroups = GroupsRead<FailureGroup>;

const readGroups = statement("evaluation_failure_groups", {
  row: failureGroupRow,
  prepared: false,
  build: (benchmarkId: string, limit: number) => sql.fragment`
    with ${groupedFailures(sql.fragment`
      select id, created_at, error from evaluations
      where benchmark_id = ${benchmarkId} and error is not null
      order by created_at desc, id desc limit ${limits.failuresRead}`)}
    ${largestGroups(limit)}`,
  examples: [[example.id, 10]],
});

const input = z.strictObject({ benchmarkId: uuid, limit: groupLimit });

/** See `EvaluationRepository.listFailureGroups`. */
export async function readFailureGroups(
  executors: { db: Executor; heavy: Executor },
  benchmarkId: string,
  options: { limit?: number | undefined },
): Promise<FailureGroups> {
  const { limit, ...asked } = parseInput(input, { benchmarkId, limit: options.limit });
  const { groups, ...read } = groupsOf(await executors.heavy.any(readGroups(asked.benchmarkId, limit)));
  if (groups.length === 0) await requireBenchmark(executors.db, asked.benchmarkId);
  return {
    groups: groups.map(({ ids: evaluationIds, ...group }) => ({ ...group, evaluationIds })),
    ...read,
    more: read.failuresRead >= limits.failuresRead,
  };
}
