import type { CategoryCounts, MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";

/** The metrics of a summary but those that have categories only. */
export function withFigures({ metrics, categories }: GetBenchmarkSummaryResponse): MetricSummary[] {
  const counted = new Set(categories.map(({ name }) => name));
  return metrics.filter(({ name, count }) => count > 0 || !counted.has(name));
}

export const categoryColumns = ["metric", "category", ">n", ">share"];

/** A row for each category, and one for those that are not told apart. */
export function categoryRows({ name, count, values }: CategoryCounts): (string | number)[][] {
  const rest = values.reduce((left, { count }) => left - count, count);
  const rows = rest > 0 ? [...values, { value: "(others)", count: rest }] : values;
  return rows.map((row) => [name, row.value, row.count, `${((100 * row.count) / count).toFixed(1)} %`]);
}

/** What the counts of categories leave out, in words; undefined where that is nothing. */
export function categoriesNote(summary: GetBenchmarkSummaryResponse): string | undefined {
  const { evaluationCount, categories, categoriesRead, categoriesLeftOut } = summary;
  const notes: string[] = [];
  if (categories.length > 0 && categoriesRead < evaluationCount)
    notes.push(`Categories are those of the newest ${categoriesRead} evaluations.`);
  if (categoriesLeftOut > 0) notes.push(`${categoriesLeftOut} further metrics have categories.`);
  return notes.length > 0 ? notes.join(" ") : undefined;
}
