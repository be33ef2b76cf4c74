import { type Fragment, sql } from "../database/statement/sql.ts";
import type { ElementType } from "../database/statement/table.ts";
import { arrayOf, table } from "../database/statement/table.ts";
import { limits } from "../limits.ts";
import { addTo, type RunningSum, totalOf } from "../statistics/sum.ts";
import { jsonValueOf } from "../validation.ts";
import type { ParsedEvaluation } from "./input.ts";
import { columnsOfMetrics, failedMetric, nameOfKey } from "./metric.ts";
import { binIndex, isCountable } from "./rollups/parts.ts";

interface Bin {
  index: number;
  count: number;
  low: number;
  high: number;
}

interface Part extends RunningSum {
  count: number;
  failed: number;
  mean: number;
  m2: number;
  /** By value, or where these are many by range of 1 %. */
  bins: Map<number, Bin>;
  hasMany: boolean;
}

/**
 * The parts of rollups that a batch of evaluations makes, as a select of `partColumns`. `partsOf` makes the
 * same of stored rows, but has to sort them. The parts are right only if all of the rows are stored.
 */
export function partsOfBatch(rows: readonly ParsedEvaluation[]): Fragment {
  // One after the other: lists of different lengths do not fit into one array.
  const bins: Bin[] = [];
  const parts = [...Map.groupBy(rows, (row) => row.benchmarkId)].flatMap(([benchmarkId, rowsOfOne]) =>
    [...gather(rowsOfOne)].map(([metric, { bins: own, ...figures }]) => {
      const sorted = [...own.values()].sort((a, b) => a.low - b.low);
      const first = bins.length + 1;
      bins.push(...sorted);
      const [low, high] = [sorted[0]?.low, sorted.at(-1)?.high];
      const sum = totalOf(figures);
      return { benchmarkId, metric, ...figures, sum, low, high, first, last: bins.length };
    }),
  );
  const slice = (name: keyof (typeof bins)[number], type: ElementType) => {
    const values = bins.map((bin) => bin[name]);
    return sql.fragment`(${arrayOf(type, values)})[part.first:part.last]`;
  };
  return sql.fragment`
    select
      part.benchmark_id, part.metric, part.count, part.failed, part.sum, part.m2, part.low as min, part.high as max,
      ${slice("index", "int4")} as bins, ${slice("count", "int8")} as bin_counts,
      ${slice("low", "float8")} as bin_lows, ${slice("high", "float8")} as bin_highs
    from ${table("part", parts, columns)}`;
}

const moments = { count: "int8", failed: "int8", sum: "float8", m2: "float8" } as const;
const bounds = { low: "float8", high: "float8", first: "int4", last: "int4" } as const;
const columns = { benchmarkId: "uuid", metric: "text", ...moments, ...bounds } as const;

/** The parts of one benchmark, by metric. */
function gather(rows: readonly ParsedEvaluation[]): Map<string, Part> {
  const metrics = new Map<string, Part>();
  for (const row of rows) {
    const failed = row.error === null || row.error === undefined ? 0 : 1;
    add(metrics, failedMetric, failed, failed);
    for (const [property, metric] of columnsOfMetrics) add(metrics, metric, row[property], failed);
    for (const [key, value] of Object.entries(jsonValueOf(row.metrics)))
      add(metrics, nameOfKey(key), typeof value === "boolean" ? Number(value) : value, failed);
  }
  return metrics;
}

/** By Welford's method (Technometrics 4(3), 1962): the squares of large values would cancel. */
function add(metrics: Map<string, Part>, metric: string, value: unknown, failed: 0 | 1): void {
  if (typeof value !== "number" || !isCountable(value)) return;
  let part = metrics.get(metric);
  if (!part) {
    part = { count: 0, failed: 0, sum: 0, lost: 0, mean: 0, m2: 0, bins: new Map(), hasMany: false };
    metrics.set(metric, part);
  }
  part.count++;
  part.failed += failed;
  addTo(part, value);
  const deviation = value - part.mean;
  part.mean += deviation / part.count;
  part.m2 += deviation * (value - part.mean);
  const index = binIndex(value);
  put(part.bins, part.hasMany ? index : value, { index, count: 1, low: value, high: value });
  if (part.hasMany || part.bins.size <= limits.fewValues) return;
  const values = [...part.bins.values()];
  part.bins.clear();
  part.hasMany = true;
  for (const bin of values) put(part.bins, bin.index, bin);
}

function put(bins: Map<number, Bin>, key: number, { index, count, low, high }: Bin): void {
  const bin = bins.get(key);
  // Adding 0 makes 0 of -0.
  if (!bin) bins.set(key, { index, count, low: low + 0, high: high + 0 });
  else {
    bin.count += count;
    if (low < bin.low) bin.low = low;
    if (high > bin.high) bin.high = high;
  }
}
