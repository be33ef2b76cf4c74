import { type Fragment, sql } from "../../database/statement/sql.ts";
import type { Tried } from "../coverage/coverage.ts";
import { hasMetric } from "../metric.ts";
import { countFailed, countSamples } from "../samples/reduce.ts";
import type { Figures } from "./summary.ts";

/**
 * The name of a metric that is of one split of a dataset alone, such as HELM's `exact_match/test`; for
 * JavaScript and for PostgreSQL.
 */
const namePattern = (metric: string) => `^${metric}/((?:train|valid|test)(?:/.*)?)$`;
const ofSplit = new RegExp(namePattern("(.+?)"));

function partsOfName(name: string): { metric: string; split: string } | undefined {
  const [, metric, split] = ofSplit.exec(name) ?? [];
  return metric === undefined || split === undefined ? undefined : { metric, split };
}

/** Whether the samples of other splits are none of this metric's. */
export const isOfSplit = (name: string) => partsOfName(name) !== undefined;

/** The split that a metric is of, with a perturbation behind it if it has one; null of others. */
const splitOf = (metric: Fragment) =>
  sql.fragment`substring(${metric} from ${sql.literalValue(namePattern(".+?"))})`;

/**
 * The condition that a value of a metric is one of a sample in another split than the metric named: it is of
 * the same metric there, or of any, unless it is HELM's of another sample, as `test/typos:original` is. False
 * where that named is of no split.
 * @param metric a column
 */
export function isElsewhere(metric: Fragment, name: string): Fragment {
  const own = partsOfName(name);
  if (own === undefined) return sql.fragment`false`;
  const start = sql.fragment`${`${own.metric}/`}::text`;
  return sql.fragment`(
    ${splitOf(metric)} <> ${own.split}
    and (starts_with(${metric}, ${start}) or ${splitOf(metric)} not like '%:%')
  )`;
}

/** Whether evaluation `e` has a value that is one of another split than the metric named. */
export const hasElsewhere = (name: string) =>
  isOfSplit(name) ? hasMetric((metric) => isElsewhere(metric, name)) : sql.fragment`false`;

/**
 * The samples of other splits, by benchmark. Of each split the metric with the most samples tells: not all
 * have a value in a sample that failed.
 * @param parts a select of benchmark_id, metric, samples and failed, where `isElsewhere`
 */
export const elsewhereOf = (parts: Fragment) => sql.fragment`
  select benchmark_id, sum(samples)::bigint as samples, sum(failed)::bigint as failed
  from (
    select benchmark_id, max(samples) as samples, max(failed) as failed
    from (
      select p.benchmark_id, p.metric, sum(p.samples) as samples, sum(p.failed) as failed
      from (${parts}) p group by p.benchmark_id, p.metric
    ) m
    group by m.benchmark_id, ${splitOf(sql.fragment`m.metric`)}
  ) s
  group by benchmark_id`;

/** Samples of other splits. */
interface Elsewhere {
  elsewhere: number;
  elsewhereWithError: number;
}

/** Samples with a value of a metric. */
interface Scored {
  scored: number;
  /** Those of them of which an evaluation has an error. */
  scoredWithError: number;
}

/**
 * Counts the samples that a metric may have: all but those of other splits. Where the splits have samples in
 * common they are no splits, and it may have all. That shows in more samples of either than were tried,
 * beside those that failed without a value in either.
 */
export function ownOf(
  all: Tried,
  { scored, scoredWithError }: Scored,
  { elsewhere, elsewhereWithError }: Elsewhere,
): Tried {
  const others = Math.max(0, all.withError - scoredWithError - elsewhereWithError);
  if (elsewhere === 0 || scored + elsewhere + others > all.tried) return all;
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
  const own = partsOfName(name);
  if (own === undefined) return all;
  const valued: Scored = { scored: 0, scoredWithError: 0 };
  const others = new Map<string, { samples: number; withError: number }>();
  for (const { name: other, count, failed, groups } of figures) {
    const samples = groups ? countSamples(groups) : count;
    const withError = groups ? countFailed(groups) : failed;
    if (other === name) Object.assign(valued, { scored: samples, scoredWithError: withError });
    const { metric, split } = partsOfName(other) ?? own;
    if (split === own.split || (metric !== own.metric && split.includes(":"))) continue;
    const most = others.get(split) ?? { samples: 0, withError: 0 };
    others.set(split, {
      samples: Math.max(most.samples, samples),
      withError: Math.max(most.withError, withError),
    });
  }
  const sum = (of: "samples" | "withError") =>
    [...others.values()].reduce((total, one) => total + one[of], 0);
  return ownOf(all, valued, { elsewhere: sum("samples"), elsewhereWithError: sum("withError") });
}
