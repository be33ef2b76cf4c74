import {
  type FieldValues,
  type FieldValuesOptions,
  fieldValueRow,
  readFieldValues,
  valuesThatBegin,
} from "../../database/field-values.ts";
import { distinctValues } from "../../database/statement/distinct.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { oneOf, parseInput } from "../../validation.ts";

export const jobFields = ["job_type", "limit_key", "tag"] as const;

type JobField = (typeof jobFields)[number];

const latestLanes = sql.fragment`
  select limit_key, required_tags from job_lanes order by number desc limit ${limits.distinctValues}`;

const sorted = (values: Fragment) => sql.fragment`
  select v.value, 0 as place from (${values}) v where v.value is not null order by v.value collate "C"`;

const valuesOf: Record<JobField, Fragment> = {
  job_type: distinctValues(
    sql.fragment`job_stat_deltas t`,
    sql.fragment`t.job_type`,
    sql.fragment`t.benchmark_id is null`,
  ),
  limit_key: sorted(sql.fragment`
    (select limit_key as value from job_limits order by limit_key limit ${limits.distinctValues})
    union select limit_key from (${latestLanes}) l`),
  tag: sorted(sql.fragment`
    select unnest(w.tags) as value from (
      select tags from workers order by last_heartbeat desc limit ${limits.distinctValues}
    ) w
    union select unnest(l.required_tags) from (${latestLanes}) l`),
};

const selectValues = statement("job_field_values", {
  row: fieldValueRow,
  prepared: false,
  build: (field: JobField, prefix: string, limit: number) => valuesThatBegin(prefix, limit, valuesOf[field]),
  examples: jobFields.map((field): [JobField, string, number] => [field, "", 10]),
});

const fieldOf = oneOf(jobFields);

/** See `JobRepository.listFieldValues`. */
export async function listFieldValues(
  db: Executor,
  field: JobField,
  options: FieldValuesOptions,
): Promise<FieldValues> {
  const known = parseInput(fieldOf, field, "field");
  return readFieldValues(db, options, (prefix, limit) => selectValues(known, prefix, limit));
}
