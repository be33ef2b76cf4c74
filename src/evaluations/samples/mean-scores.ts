import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { changedSamples, groupsAsJson, groupsNow, repeatedBenchmarks } from "./parts.ts";
import { reduceGroups, type SampleGroup } from "./reduce.ts";

// A plan kept from empty tables would read all evaluations.
const scoreGroups = statement("samples_score_groups", {
  row: z.object({ id: z.string(), groups: z.custom<SampleGroup[]>() }),
  prepared: false,
  build: (ids: readonly string[]) => {
    const kept = sql.fragment`select id from kept`;
    return sql.fragment`
      with ${repeatedBenchmarks(sql.fragment`b.id = any (${arrayOf("uuid", ids)})`)}, ${changedSamples(kept)}
      select g.benchmark_id as id, ${groupsAsJson(sql.fragment`g`)} as groups
      from (${groupsNow(sql.fragment`metric = 'score'`, kept)}) g group by g.benchmark_id`;
  },
  examples: [[[example.id]]],
});

/**
 * The mean scores of benchmarks with repetitions, over samples, each of which counts once, by the mean of its
 * repetitions. Those without a score, and those whose samples cannot be read for now, are left out.
 */
export async function readMeanScores(
  db: Executor,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const found = await db.any(scoreGroups(ids));
  return new Map(
    found.map(({ id, groups }) => {
      const { count, sum } = reduceGroups(groups, { reducer: "mean", k: 0 }).moments;
      return [id, sum / count];
    }),
  );
}
