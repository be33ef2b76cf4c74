import { z } from "zod";
import { fetched, page } from "../../database/statement/page.ts";
import { equalities, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import type { EvaluationPosition, ParsedFilter } from "../input.ts";
import { metricValue } from "../metric.ts";
import { evaluationRow, previewRow } from "../rows.ts";
import {
  exampleFilter,
  exampleSearch,
  matches,
  type SearchPlan,
  searchConditions,
} from "../search/search.ts";
import { pageViews, previewOf, type View } from "./views.ts";

const exampleValues = { metric: "own", minValue: 0, maxValue: 1 };
const exampleBounds = { provider: "p", model: "m", minScore: 0, maxScore: 1, sampleId: "s" };
const exampleAfter = { createdAt: example.time, score: null, id: example.id };

/** Which part of a list is read. */
export interface Range {
  limit: number;
  /** From which place on, without it. Default: from its beginning. */
  from?: EvaluationPosition | undefined;
  /** Towards the beginning of the list; the rows come in that order. */
  isBack?: boolean;
  /** With the place itself. */
  isIncluding?: boolean;
  maxBytes?: number | undefined;
}

// A list by time is read from idx_evaluations_benchmark, failed ones from idx_evaluations_failed, by score
// from idx_evaluations_score, one sample from evaluations_sample_key; a search as `planSearch` chose. By the
// value of another metric all rows of the benchmark are read, since there is no index of its values.
function pageOfList(filter: ParsedFilter, range: Range, view: View, plan: SearchPlan): Fragment {
  const { limit, from, isBack = false, isIncluding = false } = range;
  const { orderBy, metric, minValue, maxValue } = filter;
  const isAscending = (orderBy === "oldest" || orderBy.startsWith("lowest")) !== isBack;
  const direction = isAscending ? sql.fragment`asc` : sql.fragment`desc`;
  const byScore = orderBy.endsWith("score");
  const byValue = orderBy.endsWith("value") && metric !== undefined;
  const key = byValue ? sql.fragment`value` : byScore ? sql.fragment`score` : sql.fragment`created_at`;
  const where = [...conditions(filter, byScore), ...searchConditions(filter, plan === "walk" ? [] : plan)];
  const found = plan === "walk" ? sql.fragment`evaluations` : matches(filter, plan);
  // Without the offset, each condition would find out the value again.
  const source = byValue
    ? sql.fragment`(select e.*, ${metricValue(metric)} as value from ${found} e where ${sql.and(where)} offset 0)`
    : found;
  const value = byValue || metric === undefined ? sql.fragment`e.value` : metricValue(metric);
  const bounds = [
    byValue && sql.fragment`e.value is not null`,
    minValue !== undefined && sql.fragment`${value} >= ${minValue}`,
    maxValue !== undefined && sql.fragment`${value} <= ${maxValue}`,
    from &&
      sql.fragment`(e.${key}, e.id) ${comparisonOf(isAscending, isIncluding)} ${placeOf(from, orderBy)}`,
  ];
  return page({
    rows: sql.fragment`
      select * from ${source} e where ${sql.and([...(byValue ? [] : where), ...bounds])}
      order by e.${key} ${direction}, e.id ${direction} limit ${limit}`,
    columns: sql.fragment`
      ${view.columns}, ${byValue ? sql.fragment`r.value` : sql.fragment`null::double precision`} as value`,
    size: view.size,
    order: sql.fragment`r.${key} ${direction}, r.id ${direction}`,
    maxBytes: range.maxBytes,
  });
}

function comparisonOf(isAscending: boolean, isIncluding: boolean): Fragment {
  if (isIncluding) return isAscending ? sql.fragment`>=` : sql.fragment`<=`;
  return isAscending ? sql.fragment`>` : sql.fragment`<`;
}

function placeOf(
  { createdAt, score, value, id }: EvaluationPosition,
  orderBy: ParsedFilter["orderBy"],
): Fragment {
  if (orderBy === "newest" || orderBy === "oldest")
    return sql.fragment`(${createdAt}::timestamptz, ${id}::uuid)`;
  return sql.fragment`(${(orderBy.endsWith("score") ? score : value) ?? null}::double precision, ${id}::uuid)`;
}

const listed = { ...fetched, value: z.number().nullable() };

export const listEvaluations = statement("evaluation_list", {
  row: evaluationRow.extend(listed),
  prepared: false,
  build: (filter: ParsedFilter, range: Range, full: boolean, plan: SearchPlan = "walk") =>
    pageOfList(filter, range, full ? pageViews.full : pageViews.brief, plan),
  examples: [
    [{ benchmarkId: example.id, failedOnly: true, orderBy: "newest" }, { limit: 2 }, false],
    [{ ...exampleFilter, ...exampleBounds, orderBy: "oldest" }, { limit: 2, from: exampleAfter }, true],
    [
      { ...exampleFilter, orderBy: "lowest-score" },
      { limit: 2, from: { ...exampleAfter, score: 0.5 } },
      true,
    ],
    [{ ...exampleFilter, orderBy: "highest-score" }, { limit: 2 }, true],
    [{ ...exampleFilter, ...exampleValues, orderBy: "lowest-value" }, { limit: 2 }, false],
    [
      { ...exampleFilter, metric: "latency_ms", orderBy: "highest-value", errorContains: "e" },
      { limit: 2, from: { ...exampleAfter, value: 0.5 }, isBack: true, isIncluding: true },
      true,
    ],
    [{ ...exampleFilter, ...exampleValues, orderBy: "newest" }, { limit: 2 }, false],
    [exampleSearch, { limit: 2 }, true, "walk"],
    [exampleSearch, { limit: 2 }, true, ["text"]],
  ],
});

export const previewEvaluations = statement("evaluation_list_preview", {
  row: previewRow.extend(listed),
  prepared: false,
  build: (filter: ParsedFilter, range: Range, characters: number, plan: SearchPlan = "walk") =>
    pageOfList(filter, range, previewOf(characters), plan),
  examples: [[exampleFilter, { limit: 2 }, 200]],
});

function conditions(filter: ParsedFilter, byScore: boolean) {
  const { benchmarkId, sampleId, provider, model, minScore, maxScore, failedOnly, errorContains } = filter;
  const isFailed = failedOnly || errorContains !== undefined;
  return [
    ...equalities({ benchmarkId, sampleId, provider, model }, "e"),
    minScore !== undefined && sql.fragment`e.score >= ${minScore}`,
    maxScore !== undefined && sql.fragment`e.score <= ${maxScore}`,
    byScore && sql.fragment`e.score is not null`,
    isFailed && sql.fragment`e.error is not null`,
    errorContains !== undefined && sql.fragment`strpos(e.error, ${errorContains}) > 0`,
  ];
}

/** The place of an evaluation in lists; no row answers where it does not belong to the benchmark. */
export const findPlace = statement("evaluation_place", {
  row: evaluationRow
    .pick({ createdAt: true, score: true, id: true })
    .extend({ value: z.number().nullable() }),
  prepared: false,
  build: (id: string, benchmarkId: string, metric: string) => sql.fragment`
    select e.created_at, e.score, e.id, ${metricValue(metric)} as value
    from evaluations e where e.id = ${id} and e.benchmark_id = ${benchmarkId}`,
  examples: [[example.id, example.id, "a"]],
});
