import { type Fragment, sql } from "../../database/statement/sql.ts";
import type { Tried } from "../coverage/coverage.ts";
import { countFailed, countSamples } from "../samples/reduce.ts";
import type { Figures } from "./summary.ts";

/** The name of a metric that is of one split of a dataset alone, such as HELM's `exact_match/test`. */
const ofSplit = /^(.+?)\/(?:train|valid|test)(?:\/|$)/;

const metricIn = (name: string) => ofSplit.exec(name)?.[1];

/** Whether the samples of other splits are none of this metric's. */
export const isOfSplit = (name: string) => metricIn(name) !== undefined;

/**
 * The condition that a metric is the same as that named, of another split. False of one that is of no split.
 * @param metric a column
 */
export function isElsewhere(metric: Fragment, name: string): Fragment {
  const own = metricIn(name);
  if (own === undefined) return sql.fragment`false`;
  const start = sql.fragment`${`${own}/`}::text`;
  return sql.fragment`(
    ${metric} <> ${name} and starts_with(${metric}, ${start})
    and substr(${metric}, length(${start}) + 1) ~ '^(train|valid|test)(/|$)'
  )`;
}

/** Samples with a value of a metric in other splits. */
interface Elsewhere {
  elsewhere: number;
  elsewhereWithError: number;
}

/**
 * Counts the samples that a metric may have: all but those with a value of the same in another split. Where
 * the splits have samples in common they are no splits, and it may have all.
 * @param scored samples with a value of the metric
 */
export function ownOf(all: Tried, scored: number, { elsewhere, elsewhereWithError }: Elsewhere): Tried {
  if (elsewhere === 0 || scored + elsewhere > all.tried) return all;
  return {
    planned: all.planned === null ? null : Math.max(0, all.planned - elsewhere),
    tried: all.tried - elsewhere,
    withError: all.withError - elsewhereWithError,
  };
}

/**
 * The same from figures.
 * @param figures of all metrics
 */
export function countOwn(name: string, figures: Iterable<Figures>, all: Tried): Tried {
  const metric = metricIn(name);
  if (metric === undefined) return all;
  let [scored, elsewhere, elsewhereWithError] = [0, 0, 0];
  for (const { name: other, count, failed, groups } of figures) {
    if (metricIn(other) !== metric) continue;
    const samples = groups ? countSamples(groups) : count;
    if (other === name) scored = samples;
    else {
      elsewhere += samples;
      elsewhereWithError += groups ? countFailed(groups) : failed;
    }
  }
  return ownOf(all, scored, { elsewhere, elsewhereWithError });
}
