import type { Tried } from "../coverage/coverage.ts";
import { countFailed, countSamples } from "../samples/reduce.ts";
import type { Figures } from "./summary.ts";

/** The name of a metric that is of one split of a dataset alone, such as HELM's `exact_match/test`. */
const ofSplit = /^(.+?)\/(?:train|valid|test)(?:\/|$)/;

const metricIn = (name: string) => ofSplit.exec(name)?.[1];

/** Whether the samples of other splits are none of this metric's. */
export const isOfSplit = (name: string) => metricIn(name) !== undefined;

/**
 * Counts the samples that a metric may have: all but those with a value of the same in another split. Where
 * the splits have samples in common they are no splits, and it may have all.
 * @param figures of all metrics
 */
export function countOwn(name: string, figures: Iterable<Figures>, all: Tried): Tried {
  const metric = metricIn(name);
  if (metric === undefined) return all;
  let [scored, elsewhere, withError] = [0, 0, 0];
  for (const { name: other, count, failed, groups } of figures) {
    if (metricIn(other) !== metric) continue;
    const samples = groups ? countSamples(groups) : count;
    scored += samples;
    if (other === name) continue;
    elsewhere += samples;
    withError += groups ? countFailed(groups) : failed;
  }
  if (scored > all.tried) return all;
  return {
    planned: all.planned === null ? null : Math.max(0, all.planned - elsewhere),
    tried: all.tried - elsewhere,
    withError: all.withError - withError,
  };
}
