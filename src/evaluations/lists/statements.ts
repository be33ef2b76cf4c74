import { fetched, page } from "../../database/statement/page.ts";
import { equalities, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import type { EvaluationPosition, ParsedFilter } from "../input.ts";
import { evaluationRow, previewRow } from "../rows.ts";
import {
  exampleFilter,
  exampleSearch,
  matches,
  type SearchPlan,
  searchConditions,
} from "../search/search.ts";
import { pageViews, previewOf, type View } from "./views.ts";

const exampleBounds = { provider: "p", model: "m", minScore: 0, maxScore: 1, sampleId: "s" };
const exampleAfter = { createdAt: example.time, score: null, id: example.id };

// A list by time is read from idx_evaluations_benchmark, failed ones from idx_evaluations_failed, by score
// from idx_evaluations_score, one sample from evaluations_sample_key; a search as `planSearch` chose.
function pageOfList(
  filter: ParsedFilter,
  limit: number,
  after: EvaluationPosition | undefined,
  view: View,
  plan: SearchPlan,
): Fragment {
  const byScore = filter.orderBy === "highest-score" || filter.orderBy === "lowest-score";
  const ascending = filter.orderBy === "oldest" || filter.orderBy === "lowest-score";
  const key = byScore ? sql.fragment`score` : sql.fragment`created_at`;
  const direction = ascending ? sql.fragment`asc` : sql.fragment`desc`;
  const where = [...conditions(filter, byScore), ...searchConditions(filter, plan === "walk" ? [] : plan)];
  if (after) {
    const position = byScore
      ? sql.fragment`(${after.score}::double precision, ${after.id}::uuid)`
      : sql.fragment`(${after.createdAt}::timestamptz, ${after.id}::uuid)`;
    const comparison = ascending ? sql.fragment`>` : sql.fragment`<`;
    where.push(sql.fragment`(e.${key}, e.id) ${comparison} ${position}`);
  }
  return page({
    rows: sql.fragment`
      select * from ${plan === "walk" ? sql.fragment`evaluations` : matches(filter, plan)} e
      where ${sql.and(where)}
      order by e.${key} ${direction}, e.id ${direction} limit ${limit}`,
    ...view,
    order: sql.fragment`r.${key} ${direction}, r.id ${direction}`,
  });
}

export const listEvaluations = statement("evaluation_list", {
  row: evaluationRow.extend(fetched),
  prepared: false,
  build: (
    filter: ParsedFilter,
    limit: number,
    after: EvaluationPosition | undefined,
    full: boolean,
    plan: SearchPlan = "walk",
  ) => pageOfList(filter, limit, after, full ? pageViews.full : pageViews.brief, plan),
  examples: [
    [{ benchmarkId: example.id, failedOnly: true, orderBy: "newest" }, 2, undefined, false],
    [{ ...exampleFilter, ...exampleBounds, orderBy: "oldest" }, 2, exampleAfter, true],
    [{ ...exampleFilter, orderBy: "lowest-score" }, 2, { ...exampleAfter, score: 0.5 }, true],
    [{ ...exampleFilter, orderBy: "highest-score" }, 2, undefined, true],
    [exampleSearch, 2, undefined, true, "walk"],
    [exampleSearch, 2, undefined, true, ["text"]],
  ],
});

export const previewEvaluations = statement("evaluation_list_preview", {
  row: previewRow.extend(fetched),
  prepared: false,
  build: (
    filter: ParsedFilter,
    limit: number,
    after: EvaluationPosition | undefined,
    characters: number,
    plan: SearchPlan = "walk",
  ) => pageOfList(filter, limit, after, previewOf(characters), plan),
  examples: [[exampleFilter, 2, undefined, 200]],
});

function conditions(filter: ParsedFilter, byScore: boolean) {
  const { benchmarkId, sampleId, provider, model, minScore, maxScore, failedOnly } = filter;
  return [
    ...equalities({ benchmarkId, sampleId, provider, model }, "e"),
    minScore !== undefined && sql.fragment`e.score >= ${minScore}`,
    maxScore !== undefined && sql.fragment`e.score <= ${maxScore}`,
    byScore && sql.fragment`e.score is not null`,
    failedOnly && sql.fragment`e.error is not null`,
  ];
}
