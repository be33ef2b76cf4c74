import { type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { failedMetric, isBuiltIn, metricValues } from "../metric.ts";

// Here the figures of samples are made; 20240320000001_initial_schema.sql describes them.

const failedName = sql.fragment`${sql.literalValue(failedMetric)}`;

/**
 * The sample of an evaluation, as touched_samples and sample_figures name it.
 * @param e alias of the evaluations
 */
export const sampleOf = (e: string) => {
  const alias = fragmentOf(e);
  return sql.fragment`coalesce('s' || ${alias}.sample_id, 'e' || ${alias}.id)`;
};

/**
 * A CTE that marks the samples that a statement touched, in benchmarks with repetitions.
 * @param cte its name, with the columns `benchmark_id`, `sample_id` and `id`
 */
export const markedSamples = (cte: string) => sql.fragment`
  touched as (
    insert into touched_samples (benchmark_id, samples)
    select t.benchmark_id, array_agg(${sampleOf("t")})
    from ${sql.identifier([cte])} t join repeated_benchmarks r on r.benchmark_id = t.benchmark_id
    group by t.benchmark_id
  )`;

/** The evaluations of a benchmark; where that is not known, more than a read may compute anew. */
const countEvaluations = (benchmarkId: Fragment) => sql.fragment`
  case
    when exists (select from stale_rollups s where s.benchmark_id = ${benchmarkId} and s.is_missing)
      then ${limits.touchedSamples + 1}
    else (
      select coalesce(sum(p.count), 0)
      from (
        select count from metric_rollups where benchmark_id = ${benchmarkId} and metric = ${failedName}
        union all
        select count from metric_deltas where benchmark_id = ${benchmarkId} and metric = ${failedName}
      ) p
    )
  end`;

/**
 * Whether the figures of a benchmark's samples can be read: not more samples changed since the last fold than
 * a read may compute anew or, where they are not gathered yet, there are no more evaluations than that.
 * @param benchmarkId an expression
 */
export const areSamplesKept = (benchmarkId: Fragment) => sql.fragment`
  exists (
    select from repeated_benchmarks r
    where r.benchmark_id = ${benchmarkId} and ${limits.touchedSamples} >= case
      when r.is_missing then ${countEvaluations(benchmarkId)}
      else (
        select coalesce(sum(cardinality(t.samples)), 0) from touched_samples t
        where t.benchmark_id = ${benchmarkId}
      )
    end
  )`;

/**
 * CTEs of the benchmarks with repetitions, and `kept`, those of them whose samples are kept: not more are to
 * be computed in all of them together than a read may compute anew, those with the fewest first.
 * @param matching a condition on benchmark `b`
 */
export const repeatedBenchmarks = (matching: Fragment) => sql.fragment`
  repeated as materialized (
    select r.benchmark_id as id, r.is_missing
    from repeated_benchmarks r join benchmarks b on b.id = r.benchmark_id and ${matching}
  ), marked as (
    select m.id, sum(m.samples) over (order by m.samples, m.id) <= ${limits.touchedSamples} as fits
    from (
      select t.benchmark_id as id, sum(cardinality(t.samples)) as samples
      from touched_samples t where t.benchmark_id in (select id from repeated where not is_missing)
      group by t.benchmark_id
      union all
      select r.id, ${countEvaluations(sql.fragment`r.id`)} from repeated r where r.is_missing
    ) m
  ), kept as materialized (
    select r.id from repeated r left join marked m on m.id = r.id
    where coalesce(m.fits, true)
  )`;

const columns = sql.fragment`benchmark_id, sample, metric, tries, successes, mean, alike, failed`;

/**
 * The figures of samples, one row for each and each of their metrics.
 * @param values a select of (benchmark_id, metric, value, sample)
 */
export const figuresOf = (values: Fragment) => sql.fragment`
  select
    f.*, (max(f.successes) filter (where f.metric = ${failedName}) over (partition by f.benchmark_id, f.sample) > 0)::integer
      as failed
  from (
    select
      v.benchmark_id, v.sample, v.metric, count(*)::integer as tries,
      case when min(v.value) >= 0 and max(v.value) <= 1 then count(*) filter (where v.value = 1)
        else -1 end::integer as successes,
      case when count(*) filter (where v.value in (0, 1)) < count(*) then avg(v.value)::numeric end as mean,
      (count(*) > 1 and min(v.value) = max(v.value))::integer as alike
    from (${values}) v group by v.benchmark_id, v.sample, v.metric
  ) f`;

/**
 * The figures of some samples from their evaluations, of the metrics that are kept.
 * @param samples name of a CTE of (benchmark_id, sample)
 */
export function figuresOfSamples(samples: string): Fragment {
  const from = fragmentOf(samples);
  // As lateral joins with an offset, each sample is looked up in an index, whatever PostgreSQL expects of
  // them: in that of samples, or in the primary key.
  const evaluations = sql.fragment`(
    select e.*, e.error is not null as failed, t.sample
    from ${from} t cross join lateral (
      select * from evaluations e
      where e.benchmark_id = t.benchmark_id and e.sample_id = substr(t.sample, 2) offset 0
    ) e
    where t.sample like 's%'
    union all
    select e.*, e.error is not null, t.sample
    from ${from} t cross join lateral (
      select * from evaluations e
      where e.id = (case when t.sample like 'e%' then substr(t.sample, 2) end)::uuid
        and e.benchmark_id = t.benchmark_id
      offset 0
    ) e
  ) e`;
  return sql.fragment`
    select f.* from (${figuresOf(metricValues(evaluations, sql.fragment`, e.sample`))}) f
    left join stale_rollups s on s.benchmark_id = f.benchmark_id
    where length(f.metric) <= ${limits.nameLength}
      and (s.names is null or f.metric = any (s.names) or ${isBuiltIn(sql.fragment`f.metric`)})`;
}

/** The figures of a metric as sample_figures has them. */
export const packedFigure = sql.fragment`
  case when mean is null then jsonb_build_array(tries, successes)
    else jsonb_build_array(tries, successes, mean, alike) end`;

/**
 * The rows that sample_figures has of samples.
 * @param stored what follows `from`, named `f`: rows of sample_figures
 */
export const unpackedFigures = (stored: Fragment) => sql.fragment`
  select
    f.benchmark_id, f.sample, m.metric, m.tries, m.successes, m.mean,
    coalesce(m.alike, (m.tries > 1 and m.successes in (0, m.tries))::integer) as alike,
    ((f.figures -> ${failedName} ->> 1)::integer > 0)::integer as failed
  from ${stored} cross join lateral (
    select
      key as metric, (value ->> 0)::integer as tries, (value ->> 1)::integer as successes,
      (value ->> 2)::numeric as mean, (value ->> 3)::integer as alike
    from jsonb_each(f.figures)
  ) m`;

/** The columns that add up. */
const sums = ["samples", "alike", "fractional", "failed", "sum", "squares"] as const;
const list = (of: (name: Fragment) => Fragment, separator = sql.fragment`, `) =>
  sql.fragment`${sql.join(
    sums.map((name) => of(fragmentOf(name))),
    separator,
  )}`;

/** The columns of a group of samples: those of sample_rollups. */
const groupColumns = sql.fragment`
  benchmark_id, metric, tries, successes, ${list((name) => name)}`;

/**
 * Samples by metric, tries and successes, as rows of sample_rollups.
 * @param is the figures that samples have
 * @param was those that they had and do not have any more. Default: none
 */
export const groupsOf = (is: Fragment, was?: Fragment) => sql.fragment`
  select
    f.benchmark_id, f.metric, f.tries, f.successes, sum(f.sign)::bigint as samples,
    sum(f.sign * f.alike)::bigint as alike, coalesce(sum(f.sign) filter (where f.mean is not null), 0)::bigint as fractional,
    sum(f.sign * f.failed)::bigint as failed, coalesce(sum(f.sign * f.mean), 0) as sum, coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
  from (
    select ${columns}, 1 as sign from (${is}) f
    ${was ? sql.fragment`union all select ${columns}, -1 from (${was}) f` : sql.fragment``}
  ) f
  group by f.benchmark_id, f.metric, f.tries, f.successes`;

/**
 * The groups of benchmarks as of now: those that are kept, moved by what marks say.
 * @param wanted a condition on `benchmark_id` and `metric`
 * @param benchmarks a select of the ids of benchmarks whose samples are kept
 */
export const groupsNow = (wanted: Fragment, benchmarks: Fragment) => sql.fragment`
  select benchmark_id, metric, tries, successes, ${list((name) => sql.fragment`sum(${name}) as ${name}`)}
  from (
    select ${groupColumns} from sample_rollups where benchmark_id in (${benchmarks}) and ${wanted}
    union all
    select ${groupColumns} from (${groupsOf(
      figuresOfSamples("changed"),
      unpackedFigures(sql.fragment`changed c join sample_figures f using (benchmark_id, sample)`),
    )}) g where ${wanted}
  ) g
  group by benchmark_id, metric, tries, successes having sum(samples) > 0`;

/**
 * Groups, and of each whether its samples have more evaluations than declared: see `samplesBeyond`.
 * @param grouped what follows `from`: groups, those of evaluations among them
 */
export const toldBeyond = (grouped: Fragment) => sql.fragment`
  select
    g.*, g.metric = ${failedName} and g.tries > case when b.repetitions > 0 then b.repetitions
      else min(g.tries) filter (where g.metric = ${failedName}) over (partition by g.benchmark_id) end as is_beyond
  from ${grouped} g join benchmarks b on b.id = g.benchmark_id`;

/**
 * The CTE that `groupsNow` reads: the samples that changed since the last fold, and all of benchmarks of
 * which none are gathered yet.
 */
export const changedSamples = (benchmarks: Fragment) => sql.fragment`
  changed as materialized (
    select distinct t.benchmark_id, s.sample
    from touched_samples t cross join lateral unnest(t.samples) s (sample)
    where t.benchmark_id in (${benchmarks})
    union
    select r.benchmark_id, e.sample
    from repeated_benchmarks r cross join lateral (
      select ${sampleOf("e")} as sample from evaluations e where e.benchmark_id = r.benchmark_id offset 0
    ) e
    where r.is_missing and r.benchmark_id in (${benchmarks})
  )`;

/** Adds groups to those of sample_rollups. */
export const movedGroups = (groups: Fragment) => sql.fragment`
  insert into sample_rollups as r (${groupColumns})
  select ${groupColumns} from (${groups}) g where ${list((name) => sql.fragment`${name} <> 0`, sql.fragment` or `)}
  on conflict (benchmark_id, metric, tries, successes) do update
  set ${list((name) => sql.fragment`${name} = r.${name} + excluded.${name}`)}`;

/**
 * Mean and m2 of the samples of a group that are fractional, as doubles. PostgreSQL refuses to make one of a
 * decimal that is too small for it.
 */
export function groupMoments(g: Fragment) {
  const double = (value: Fragment) => sql.fragment`
    case when ${g}.fractional = 0 or abs(${value}) < 1e-290 * ${g}.fractional then 0
      else ${value} / ${g}.fractional end::double precision`;
  return {
    mean: double(sql.fragment`${g}.sum`),
    m2: double(sql.fragment`(${g}.fractional * ${g}.squares - ${g}.sum * ${g}.sum)`),
  };
}

/** Groups as one JSON array of `SampleGroup`s. */
export const groupsAsJson = (g: Fragment) => sql.fragment`
  jsonb_agg(jsonb_build_object(
    'tries', ${g}.tries, 'successes', ${g}.successes, 'samples', ${g}.samples, 'alike', ${g}.alike,
    'fractional', ${g}.fractional, 'failed', ${g}.failed, 'mean', ${groupMoments(g).mean}, 'm2', ${groupMoments(g).m2}
  ))`;
