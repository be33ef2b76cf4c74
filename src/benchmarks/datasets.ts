import { z } from "zod";
import { distinctValues } from "../database/statement/distinct.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { Page, PageOptions } from "../database/statement/page.ts";
import { sql, statement } from "../database/statement/sql.ts";
import { failedMetric } from "../evaluations/metric.ts";
import { compareMetricNames } from "../evaluations/summary/summary.ts";
import { limits } from "../limits.ts";
import { parseLimit } from "../validation.ts";
import type { DatasetPosition } from "./input.ts";

const datasetRow = z.object({
  dataset: z.string(),
  /** Of no more than `limits.countedBenchmarks`. */
  benchmarkCount: z.number(),
  latestBenchmarkId: z.string(),
  latestBenchmarkName: z.string(),
  latestCreatedAt: z.string(),
  /** Those that its benchmarks have values of, at most `limits.datasetMetrics`. */
  metrics: z.array(z.string()),
});

/** A dataset that benchmarks are on. */
export type Dataset = z.output<typeof datasetRow>;

const metricsOfDataset = distinctValues(
  sql.fragment`metric_rollups t`,
  sql.fragment`t.metric`,
  sql.fragment`t.dataset = d.dataset`,
);

// A dataset costs a look into an index, and no more rows than are counted.
const readDatasets = statement("benchmark_datasets", {
  row: datasetRow,
  prepared: false,
  build: (after: string, limit: number) => sql.fragment`
    select
      d.dataset, counted.count as benchmark_count, latest.id as latest_benchmark_id, latest.name as latest_benchmark_name,
      latest.created_at as latest_created_at, coalesce(measured.metrics, '{}') as metrics
    from (
      select v.value as dataset, v.place
      from (${distinctValues(sql.fragment`benchmarks t`, sql.fragment`t.dataset`, undefined, after)}) v
      limit ${limit}
    ) d
    cross join lateral (
      select id, name, created_at from benchmarks where dataset = d.dataset
      order by created_at desc, id desc limit 1
    ) latest
    cross join lateral (
      select count(*) as count
      from (select from benchmarks where dataset = d.dataset limit ${limits.countedBenchmarks}) b
    ) counted
    cross join lateral (
      select array_agg(m.value::text) as metrics
      from (
        select value from (${metricsOfDataset}) v where value <> ${failedMetric} limit ${limits.datasetMetrics}
      ) m
    ) measured
    order by d.place`,
  examples: [["", 10]],
});

/** See `BenchmarkRepository.listDatasets`. */
export async function listDatasets(
  db: Executor,
  { limit, after }: PageOptions<DatasetPosition>,
): Promise<Page<Dataset, DatasetPosition>> {
  const size = parseLimit(limit);
  const rows = await db.any(readDatasets(after?.dataset ?? "", size + 1));
  const items = rows.slice(0, size).map(({ metrics, ...row }) => ({
    ...row,
    metrics: metrics.toSorted(compareMetricNames),
  }));
  const last = rows.length > size ? items.at(-1) : undefined;
  return { items, next: last && { dataset: last.dataset } };
}
