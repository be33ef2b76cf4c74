import { type Fragment, sql } from "../../database/statement/sql.ts";
import type { Draws, Group } from "../../statistics/margin.ts";

// What tests of a margin go by, where a t-test is not enough: more than mean and standard error.

/** So many values are read one by one; more of them in as many groups, of which each is as narrow. */
const most = 1000;

type Packed = [count: number, mean: number, m2: number];

/** What a statement answers: of pairs "differences", of clusters the others. */
export interface FoundDraws {
  differences?: Packed[] | null;
  above?: Packed[] | null;
  below?: Packed[] | null;
}

/**
 * Values in groups, as a JSON array of `Packed`; null without any. None has values of both signs: whether a
 * difference is a win is never lost.
 * @param values a select of `value`
 */
export const grouped = (values: Fragment) => sql.fragment`(
  with v as materialized (${values})
  select jsonb_agg(jsonb_build_array(g.count, g.mean, g.m2)) from (
    select
      count(*) as count,
      case when min(v.value) = max(v.value) then min(v.value) else avg(v.value) end as mean,
      case when min(v.value) = max(v.value) then 0 else regr_sxx(v.value, v.value) end as m2
    from v cross join (select count(*) as count, min(value) as low, max(value) as high from v) e
    group by
      sign(v.value),
      case
        when e.count <= ${most} or e.low = e.high then v.value
        else floor((v.value - e.low) / (e.high - e.low) * ${most})
      end
  ) g
)`;

/**
 * What was drawn of the pairs of a relation `pair`, as a `FoundDraws`.
 * @param margin undefined: null instead
 */
export function drawsOfPairs(margin: number | undefined, isClustered: boolean): Fragment {
  if (margin === undefined) return sql.fragment`null::jsonb`;
  const differences = sql.fragment`select difference as value from pair`;
  if (!isClustered) return sql.fragment`jsonb_build_object('differences', ${grouped(differences)})`;
  const sums = (difference: Fragment) => sql.fragment`
    select sum(${margin}::double precision + ${difference}) as value
    from pair group by cluster_id, case when cluster_id is null then sample_id end`;
  return sql.fragment`jsonb_build_object(
    'above', ${grouped(sums(sql.fragment`difference`))}, 'below', ${grouped(sums(sql.fragment`-difference`))}
  )`;
}

/** @param largest pairs of the largest cluster; undefined without clusters */
export function drawsOf(found: FoundDraws | null, largest: number | undefined): Draws | undefined {
  if (found === null) return undefined;
  if (largest === undefined) return { differences: groupsOf(found.differences) };
  return { above: groupsOf(found.above), below: groupsOf(found.below), largest };
}

export const groupsOf = (packed: readonly Packed[] | null | undefined): Group[] =>
  (packed ?? []).map(([count, mean, m2]) => ({ count, mean, m2 }));
