import { type Fragment, sql } from "../database/sql.ts";

/** Metrics that every evaluation can have, each a column, before those of the benchmark's own. */
export const builtInMetrics = ["score", "latency_ms", "input_tokens", "output_tokens", "cost_usd"] as const;

const prefix = "metrics.";

/**
 * The value of one metric of evaluation `e`, null where it has none. Names as in summaries: a key of `metrics` that is named
 * like a column, or begins with "metrics.", has that prefix.
 */
export function metricValue(name: string): Fragment {
  const column = builtInMetrics.find((builtIn) => builtIn === name);
  const value = column
    ? sql.fragment`${sql.identifier(["e", column])}::double precision`
    : valueOfKey(name.startsWith(prefix) ? name.slice(prefix.length) : name);
  // The square of a larger one overflows a double.
  return sql.fragment`(select v.value from (select ${value} as value) v where abs(v.value) < 1e150)`;
}

function valueOfKey(key: string): Fragment {
  const value = sql.fragment`e.metrics -> ${key}::text`;
  return sql.fragment`
    case jsonb_typeof(${value})
      when 'number' then (${value})::double precision
      when 'boolean' then (${value})::boolean::integer::double precision
    end`;
}
