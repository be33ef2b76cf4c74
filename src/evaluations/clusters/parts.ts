import { type Fragment, sql } from "../../database/statement/sql.ts";
import { mean } from "../rollups/moments-sql.ts";
import { sliceOf } from "../slices/key.ts";

// Here the clusters of samples are made of a key of their metadata.

/**
 * The cluster of an evaluation `e`, as 64 bits of a hash; null where it names none.
 * @param key as `groupBy`
 */
export const clusterOf = (key: string) => sql.fragment`hashtextextended(nullif(${sliceOf(key)}, ''), 0)`;

/** The cluster of a sample, from those of its repetitions `v`: that of the first which names one. */
export const ofSample = {
  aggregates: sql.fragment`,
    (array_agg(v.cluster_id order by v.repetition) filter (where v.cluster_id is not null))[1] as cluster_id,
    coalesce(min(v.cluster_id) <> max(v.cluster_id), false) as is_mixed`,
  names: sql.fragment`, v.cluster_id, v.is_mixed`,
};

const share = (deviation: Fragment) => mean(deviation, sql.fragment`c.total`);

/**
 * What clusters come to: a select of `metric` and `found`, a `FoundClusters`.
 * @param values a select of (metric, value, center, cluster_id, is_mixed, sample). `center` is a number near
 *   the mean of the metric's values: sums of deviations lose no digits where the values are large
 */
export const foundClusters = (values: Fragment) => sql.fragment`
  select
    c.metric, jsonb_build_object(
      'clusters', count(*), 'squares', sum(case when abs(c.share) < 1e-150 then 0 else c.share ^ 2 end),
      'largest', max(c.n), 'unnamed', count(*) filter (where c.cluster_id is null), 'mixed', sum(c.mixed)
    ) as found
  from (
    select c.*, ${share(sql.fragment`(c.sum - c.n * c.shift)`)} as share
    from (
      select c.*, ${share(sql.fragment`c.all_sums`)} as shift
      from (
        select c.*, sum(c.n) over whole as total, sum(c.sum) over whole as all_sums
        from (
          select
            v.metric, v.cluster_id, case when v.cluster_id is null then v.sample end as own, count(*) as n,
            sum(v.value - v.center) as sum, count(*) filter (where v.is_mixed) as mixed
          from (${values}) v group by 1, 2, 3
        ) c
        window whole as (partition by c.metric)
      ) c
    ) c
  ) c
  group by c.metric`;
