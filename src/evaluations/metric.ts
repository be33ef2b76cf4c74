import { type Fragment, fragmentOf, sql } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";

/** Metrics that every evaluation can have, each a column, before those of the benchmark's own. */
export const builtInMetrics = ["score", "latency_ms", "input_tokens", "output_tokens", "cost_usd"] as const;

/** Counts evaluations: 1 for one with an error, 0 for one without. No key of `metrics` is ever named so. */
export const failedMetric = "metrics.failed";

const prefix = "metrics.";

const isNamedBuiltIn = (name: string) => builtInMetrics.some((builtIn) => builtIn === name);

/**
 * Whether 0 and 1 are the ends of what a metric can be. Of the built-in ones only the score is a share; a
 * benchmark's own are assumed to be shares.
 */
export const areShares = (name: string) => name === "score" || !isNamedBuiltIn(name);

/** Whether lower values are better where nobody says: of tokens, latency and cost. */
export const isLowerBetter = (name: string) => name !== "score" && isNamedBuiltIn(name);

/** Properties of an evaluation that are metrics, with the metric's name. */
export const columnsOfMetrics = [
  ["score", "score"],
  ["latencyMs", "latency_ms"],
  ["inputTokens", "input_tokens"],
  ["outputTokens", "output_tokens"],
  ["costUsd", "cost_usd"],
] as const;

/** The metric that a key of `metrics` is: see `metricValue`. */
export function nameOfKey(key: string): string {
  return isNamedBuiltIn(key) || key.startsWith(prefix) ? prefix + key : key;
}

/**
 * The value of one metric of evaluation `e`, null where it has none. Names as in summaries: a key of
 * `metrics` that is named like a column, or begins with "metrics.", has that prefix.
 */
export function metricValue(name: string): Fragment {
  const column = builtInMetrics.find((builtIn) => builtIn === name);
  const value = column
    ? sql.fragment`${sql.identifier(["e", column])}::double precision`
    : valueOfKey(name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return sql.fragment`(select v.value from (select ${value} as value) v where ${isCounted})`;
}

function valueOfKey(key: string): Fragment {
  const value = sql.fragment`e.metrics -> ${key}::text`;
  return sql.fragment`
    case jsonb_typeof(${value})
      when 'number' then (${value})::double precision
      when 'boolean' then (${value})::boolean::integer::double precision
    end`;
}

/** The metrics that are not among a benchmark's own. */
export const isBuiltIn = (metric: Fragment) =>
  sql.fragment`${metric} in (${literals([...builtInMetrics, failedMetric])})`;

function literals(names: readonly string[]): Fragment {
  const values = names.map((name) => sql.fragment`${sql.literalValue(name)}`);
  return sql.fragment`${sql.join(values, sql.fragment`, `)}`;
}

const columnValues = (e: Fragment): [name: string, value: Fragment][] => [
  [failedMetric, sql.fragment`${e}.failed::integer`],
  ...builtInMetrics.map((name): [string, Fragment] => [name, sql.fragment`${e}.${sql.identifier([name])}`]),
];

/** The metric that `m.key` of `metrics` is. */
export const metricOfKey = sql.fragment`
  case when m.key in (${literals(builtInMetrics)}) or m.key like 'metrics.%' then 'metrics.' || m.key else m.key end`;

const ownValues = (e: Fragment) => sql.fragment`
  select ${metricOfKey} as metric,
    case jsonb_typeof(m.value) when 'number' then m.value::double precision
      else m.value::boolean::integer end as value
  from jsonb_each(${e}.metrics) m where ${e}.metrics <> '{}'
    and jsonb_typeof(m.value) in ('number', 'boolean')`;

/**
 * Whether evaluation `e` has a value of one of the benchmark's own metrics.
 * @param which a condition on the column that it is given, the metric's name
 */
export const hasMetric = (which: (metric: Fragment) => Fragment) => sql.fragment`
  exists (
    select from (${ownValues(sql.fragment`e`)}) v where ${isCounted} and ${which(sql.fragment`v.metric`)}
  )`;

/** A value counts only if its magnitude is below this. */
const metricBound = fragmentOf(String(limits.metricMagnitude));

const isCounted = sql.fragment`abs(v.value) < ${metricBound}`;

/** The evaluations of a benchmark, for `metricValues`. */
export const evaluationsOf = (benchmarkId: string) => sql.fragment`(
  select *, error is not null as failed from evaluations where benchmark_id = ${benchmarkId}
) e`;

/**
 * All values of evaluations, as rows (benchmark_id, metric, value, failed), in one pass over them.
 * @param evaluations what follows `from`, named `e`: the columns of evaluations, and `failed`
 * @param more further columns of the rows, each with a comma before it
 */
export function metricValues(evaluations: Fragment, more = sql.fragment``): Fragment {
  const e = sql.fragment`e`;
  const columns = columnValues(e).map(
    ([name, value]) => sql.fragment`(${sql.literalValue(name)}, ${value}::double precision)`,
  );
  return sql.fragment`
    select e.benchmark_id, v.metric, v.value, e.failed${more}
    from ${evaluations} cross join lateral (
      select metric, value from (values ${sql.join(columns, sql.fragment`, `)}) c (metric, value)
      union all ${ownValues(e)}
    ) v where ${isCounted}`;
}

/** Selects the same as `metricValues`, in one pass per metric: a fifth cheaper over few rows of a CTE. */
export function metricValuesOfCte(name: string): Fragment {
  const e = sql.fragment`e`;
  const from = sql.fragment`from ${sql.identifier([name])} e`;
  const columns = columnValues(e).map(
    ([metric, value]) => sql.fragment`
      select e.benchmark_id, ${sql.literalValue(metric)} as metric,
        ${value}::double precision as value, e.failed ${from}`,
  );
  return sql.fragment`
    select v.* from (
      ${sql.join(columns, sql.fragment` union all `)}
      union all select e.benchmark_id, v.metric, v.value, e.failed ${from} cross join lateral (${ownValues(e)}) v
    ) v where ${isCounted}`;
}
