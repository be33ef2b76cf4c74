import type { Executor } from "../../database/statement/executor.ts";
import { parseInput } from "../../validation.ts";
import { endOf } from "../coverage/missing.ts";
import type { ComparisonPosition } from "../input.ts";
import { isLowerBetter } from "../metric.ts";
import { requireBenchmark, type Sampling } from "../statements.ts";
import { compareCandidate } from "./candidate.ts";
import { type Comparison, type ComparisonInput, type ComparisonPage, comparisonInput } from "./comparison.ts";
import { adjustTests } from "./figures.ts";
import { readSides } from "./sides.ts";

function adjustAll(comparisons: readonly Comparison[]): void {
  adjustTests(comparisons);
  adjustTests(comparisons.flatMap(({ slices }) => slices?.slices ?? []));
}

/**
 * Compares candidates with a baseline.
 * @throws NOT_FOUND without one of the benchmarks; INVALID_ARGUMENT if samples are missing and an end of the
 *   metric's range is needed for them that is not known
 */
export async function compareBenchmarks(
  db: Executor,
  input: ComparisonInput,
  limit: number,
  after?: readonly ComparisonPosition[],
): Promise<ComparisonPage> {
  const given = parseInput(comparisonInput, input);
  const { baselineId, candidateIds, metric, reducer, k, clusterBy = null, missing } = given;
  const { lowerIsBetter = isLowerBetter(metric) } = given;
  const found = await requireBenchmark(db, baselineId);
  const others: Sampling[] = [];
  for (const id of candidateIds) others.push(await requireBenchmark(db, id));
  const { range, marginRange, sides, of } = await readSides(db, [found, ...others], {
    ...given,
    lowerIsBetter,
  });
  const asked = { ...given, lowerIsBetter, range, marginRange };
  const [baseline = found, ...candidates] = sides;
  const comparisons: Comparison[] = [];
  const next: ComparisonPosition[] = [];
  // One after the other: each may be a join of millions of rows.
  for (const [index, candidate] of candidates.entries()) {
    const coverage = [of(baseline.id), of(candidate.id)] as const;
    const one = await compareCandidate(db, { baseline, candidate, coverage }, asked, limit, after?.[index]);
    comparisons.push(one.comparison);
    next.push(one.next);
  }
  adjustAll(comparisons);
  if (comparisons.some(({ withoutFailed }) => withoutFailed !== null))
    // One without a failure counts among the others as it is.
    adjustAll(comparisons.map((one) => one.withoutFailed ?? structuredClone(one)));
  const isLast = next.every(({ regressed, improved }) => regressed === null && improved === null);
  const about = { baselineId, metric, lowerIsBetter, reducer, k, clusterBy, missing };
  const ends = { rangeLow: endOf(range.low), rangeHigh: endOf(range.high) };
  return { ...about, ...ends, comparisons, next: isLast ? undefined : next };
}
