-- rollup_drop_deltas
delete from metric_deltas
where
  benchmark_id = any ($1::uuid[]);
-- $1 = '{00000000-0000-0000-0000-000000000000}'
