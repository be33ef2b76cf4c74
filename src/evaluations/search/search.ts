import { Code } from "@connectrpc/connect";
import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { ParsedFilter } from "../input.ts";
import { readySearchIndexes, type SearchKind, searchIndexes, textWords } from "./indexes.ts";

/**
 * The way in which a page of a search is read:
 * - "walk": in the order of the list, without rows that do not match. Good if many match, or few are there.
 * - by indexes: all rows that match, then sorted. Good if few match.
 */
export type SearchPlan = "walk" | readonly SearchKind[];

/**
 * All evaluations that match, by the indexes of these kinds alone. `offset 0` keeps PostgreSQL from planning
 * it with an order and a limit: it would take an unknown search for one of every hundredth row, and walk.
 */
export function matches({ benchmarkId, metadata, text }: ParsedFilter, kinds: readonly SearchKind[]) {
  const keyed = JSON.stringify({ [benchmarkId]: metadata });
  const benchmark = `'benchmark ${benchmarkId}'`;
  const words = kinds.includes("text") && text !== undefined && tsquery(text);
  const where = [
    kinds.includes("metadata") && sql.fragment`${searchIndexes.metadata.expression} @> ${keyed}::jsonb`,
    words && sql.fragment`${searchIndexes.text.expression} @@ (${words} && ${benchmark}::tsquery)`,
    // A text without any word, such as "<b>", would match everything.
    words && sql.fragment`numnode(${words}) > 0`,
  ];
  return sql.fragment`(select * from evaluations where ${sql.and(where)} offset 0)`;
}

/** The same conditions for those who walk, for evaluations `e`. */
export function searchConditions({ metadata, text }: ParsedFilter, answered: readonly SearchKind[]) {
  const byMetadata = metadata !== undefined && !answered.includes("metadata");
  return [
    byMetadata && sql.fragment`e.metadata @> ${JSON.stringify(metadata)}::jsonb`,
    text !== undefined && !answered.includes("text") && sql.fragment`${textWords} @@ ${tsquery(text)}`,
  ];
}

function tsquery(text: string): Fragment {
  return sql.fragment`websearch_to_tsquery('simple', ${text})`;
}

const countRow = z.object({ count: z.number() });
export const exampleFilter = { benchmarkId: example.id, failedOnly: false, orderBy: "newest" } as const;
export const exampleSearch = { ...exampleFilter, metadata: { a: 1 }, text: "word" };

const countUpTo = statement("evaluation_count_up_to", {
  row: countRow,
  build: (benchmarkId: string, most: number) => sql.fragment`
    select count(*) as count
    from (select from evaluations where benchmark_id = ${benchmarkId} limit ${most}) e`,
  examples: [[example.id, 10]],
});

const countMatches = statement("evaluation_count_matches", {
  row: countRow,
  prepared: false,
  build: (filter: ParsedFilter, kinds: readonly SearchKind[], most: number) => sql.fragment`
    select count(*) as count from (select from ${matches(filter, kinds)} m limit ${most}) e`,
  examples: [[exampleSearch, ["metadata", "text"], 10]],
});

/**
 * Chooses how to read what a filter asks for. Both ways together keep a page from reading much more than it
 * shows: the few that match are read whole, and among many the next are near.
 * @param walks what was chosen for the page before; a list stays with it. The claim is the caller's, so it
 * opens nothing that the first page would not
 * @throws FAILED_PRECONDITION, reason INDEX_MISSING
 */
export async function planSearch(db: Executor, filter: ParsedFilter, walks: boolean): Promise<SearchPlan> {
  const wanted = (["metadata", "text"] as const).filter((kind) => filter[kind] !== undefined);
  if (wanted.length === 0) return "walk";
  const ready = new Set((await db.any(readySearchIndexes())).map(({ name }) => name));
  const kinds = wanted.filter((kind) => ready.has(searchIndexes[kind].name));
  if (filter.text !== undefined && !kinds.includes("text")) throw indexMissing("text", "");
  if (kinds.length === 0) {
    const most = limits.unindexedSearchRows;
    const { count } = await db.one(countUpTo(filter.benchmarkId, most + 1));
    if (count > most) throw indexMissing("metadata", ` of a benchmark with more than ${most} evaluations`);
    return "walk";
  }
  if (walks) return "walk";
  const { count } = await db.one(countMatches(filter, kinds, limits.searchMatches + 1));
  return count > limits.searchMatches ? "walk" : kinds;
}

function indexMissing(kind: SearchKind, of: string): ServiceError {
  const lack = `searching ${kind}${of} needs an index that this database does not have`;
  const message = `${lack}: add it with "ltb migrate index add ${kind}"`;
  return new ServiceError(Code.FailedPrecondition, "INDEX_MISSING", message, {
    metadata: { index: kind },
    violations: [{ field: kind, description: "needs an index" }],
  });
}
