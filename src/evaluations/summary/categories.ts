import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { metricOfKey } from "../metric.ts";

/** How often a metric has each of its most frequent categories, which are texts. */
export interface CategoryCounts {
  name: string;
  /** Evaluations with a text as the value, whether or not it is among `values`. */
  count: number;
  values: { value: string; count: number }[];
}

export interface Categories {
  metrics: CategoryCounts[];
  /** So many further metrics have categories. */
  metricsLeftOut: number;
}

const fits = (length: number) => sql.fragment`<= ${length}::integer`;

const countCategories = statement("evaluation_count_categories", {
  row: z.object({
    name: z.string(),
    total: z.number(),
    value: z.string().nullable(),
    count: z.number(),
    metrics: z.number(),
  }),
  build: (benchmarkId: string, names: readonly string[]) => sql.fragment`
    with value as (
      select
        ${metricOfKey} as name,
        case when char_length(m.value #>> '{}') ${fits(limits.categoryLength)} then m.value #>> '{}' end as value
      from (
        select metrics from evaluations where benchmark_id = ${benchmarkId}
        order by created_at desc, id desc limit ${limits.categoryRows}
      ) e cross join lateral jsonb_each(e.metrics) m
      where e.metrics <> '{}' and jsonb_typeof(m.value) = 'string' and m.value <> '""'
        and char_length(m.key) ${fits(limits.nameLength)}
    ), counted as (
      select name, value, count(*) as count from value, (select ${sql.array(names, "text")} as names) asked
      where cardinality(asked.names) = 0 or name = any (asked.names)
      group by name, value
    ), placed as (
      select *, (sum(count) over (partition by name))::bigint as total,
        row_number() over (partition by name order by value is null, count desc, value collate "C") as place,
        dense_rank() over (order by name collate "C") as metric
      from counted
    )
    select name, total, value, count, (select max(metric) from placed) as metrics from placed
    where place <= ${limits.categories} and metric <= ${limits.categoryMetrics}
    order by metric, place`,
  examples: [[example.id, ["a"]]],
});

/**
 * Counts categories by one pass over the newest `limits.categoryRows` evaluations of a benchmark.
 * @param names which metrics; none: all
 */
export async function readCategories(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
): Promise<Categories> {
  const rows = await db.any(countCategories(benchmarkId, names));
  const metrics = new Map<string, CategoryCounts>();
  for (const { name, total, value, count } of rows) {
    const metric = metrics.get(name) ?? { name, count: total, values: [] };
    metrics.set(name, metric);
    if (value !== null) metric.values.push({ value, count });
  }
  return { metrics: [...metrics.values()], metricsLeftOut: (rows[0]?.metrics ?? 0) - metrics.size };
}
