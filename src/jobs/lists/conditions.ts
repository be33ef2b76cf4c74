import { equalities, type Fragment, sql } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import type { JobMatch } from "../input.ts";

/** Conditions that a time is in a span; its begin is in it, its end is not. */
export function within(time: Fragment, from: string | undefined, before: string | undefined) {
  return [
    from !== undefined && sql.fragment`${time} >= ${from}`,
    before !== undefined && sql.fragment`${time} < ${before}`,
  ];
}

/** Conditions on when jobs `j` were created. */
export function createdWithin({ createdAfter, createdBefore }: JobMatch) {
  return within(sql.fragment`j.created_at`, createdAfter, createdBefore);
}

/** The conditions on jobs `j` that lists and bulk changes have in common; `ids` are asked for by these. */
export function matchConditions(match: JobMatch) {
  const { jobType, benchmarkId, limitKey, fairKey, createdBy, requiredTags, errorContains, metadata } = match;
  return [
    ...equalities({ jobType, benchmarkId, limitKey, fairKey, createdBy }, "j"),
    ...createdWithin(match),
    requiredTags && sql.fragment`j.required_tags @> ${arrayOf("text", requiredTags)}`,
    errorContains !== undefined && sql.fragment`strpos(lower(j.error), lower(${errorContains}::text)) > 0`,
    metadata && sql.fragment`j.metadata @> ${JSON.stringify(metadata)}::jsonb`,
  ];
}

/** Whether a filter has to read texts and documents of every job that it looks at. */
export function readsDocuments({ errorContains, metadata }: JobMatch): boolean {
  return errorContains !== undefined || metadata !== undefined;
}
