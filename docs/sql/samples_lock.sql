-- samples_lock
with
  there as materialized (
    select
      id
    from
      benchmarks
    where
      id = $1
    for key share
      skip locked
  )
select
  pg_try_advisory_xact_lock(hashtextextended ('sample_figures:' || there.id::text, 0)) as is_mine
from
  there;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
