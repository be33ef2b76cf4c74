import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { fetched, page } from "../../database/statement/page.ts";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import { distinctIds, parseInput, uuid } from "../../validation.ts";
import { evaluationRow, type ListedEvaluation, previewRow } from "../rows.ts";
import { pageViews, parseView, previewOf, type View, type ViewOptions } from "./views.ts";

/** Evaluations that were asked for by their ids. */
export interface FoundEvaluations {
  /** In the order of the ids. */
  items: readonly ListedEvaluation[];
  /** Ids of which there is no evaluation. */
  missingIds: readonly string[];
  /** Ids of evaluations that are there, and that would make the answer too large. */
  remainingIds: readonly string[];
}

/** The first row has the ids of all that were found. */
const found = { ...fetched, foundIds: z.array(z.string()).nullable() };

const input = z.strictObject({ ids: distinctIds(limits.evaluationsRead), benchmarkId: uuid.optional() });

// One index lookup an id, whatever PostgreSQL knows of the table.
function rowsOf(ids: readonly string[], benchmarkId: string | undefined, view: View): Fragment {
  const ofBenchmark = benchmarkId !== undefined && sql.fragment`e.benchmark_id = ${benchmarkId}`;
  return page({
    rows: sql.fragment`
      select e.*, wanted.ordinality, array_agg(e.id) over () as found_ids
      from unnest(${arrayOf("uuid", ids)}) with ordinality as wanted (id, ordinality)
      cross join lateral (
        select * from evaluations e where ${sql.and([sql.fragment`e.id = wanted.id`, ofBenchmark])} limit 1
      ) e`,
    columns: sql.fragment`${view.columns}, case when r.place = 1 then r.found_ids end as found_ids`,
    size: view.size,
    order: sql.fragment`r.ordinality`,
  });
}

export const getMany = statement("evaluation_get_many", {
  row: evaluationRow.extend(found),
  prepared: false,
  build: (ids: readonly string[], benchmarkId: string | undefined, full: boolean) =>
    rowsOf(ids, benchmarkId, full ? pageViews.full : pageViews.brief),
  examples: [
    [[example.id], undefined, false],
    [[example.id], example.id, true],
  ],
});

const previewMany = statement("evaluation_get_many_preview", {
  row: previewRow.extend(found),
  prepared: false,
  build: (ids: readonly string[], benchmarkId: string | undefined, characters: number) =>
    rowsOf(ids, benchmarkId, previewOf(characters)),
  examples: [[[example.id], undefined, 200]],
});

/**
 * Reads evaluations by their ids, until the answer has about `limits.pageBytes`.
 * @param ids 1 to 100, each once
 */
export async function readMany(
  db: Executor,
  ids: readonly string[],
  benchmarkId: string | undefined,
  options: ViewOptions,
): Promise<FoundEvaluations> {
  const asked = parseInput(input, { ids, benchmarkId });
  const { full, previewChars } = parseView(options);
  const rows: readonly (ListedEvaluation & { fetched: number; foundIds: string[] | null })[] =
    full || previewChars === undefined
      ? await db.any(getMany(asked.ids, asked.benchmarkId, full))
      : await db.any(previewMany(asked.ids, asked.benchmarkId, previewChars));
  const there = new Set(rows[0]?.foundIds);
  const items = rows.map(({ fetched: _fetched, foundIds: _foundIds, ...item }) => item);
  const read = new Set(items.map(({ id }) => id));
  return {
    items,
    missingIds: asked.ids.filter((id) => !there.has(id)),
    remainingIds: asked.ids.filter((id) => there.has(id) && !read.has(id)),
  };
}
