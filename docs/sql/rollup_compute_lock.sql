-- rollup_compute_lock
select
  l.is_free,
  l.is_free
  and pg_try_advisory_xact_lock(hashtextextended ('metric_rollups:' || $1::uuid::text, 0)) as is_mine,
  (
    select
      xmin::text
    from
      stale_rollups
    where
      benchmark_id = $2
  ) as mark
from
  (
    select
      pg_try_advisory_xact_lock(hashtextextended ('metric_rollups', 0)) as is_free
  ) l;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
