-- job_bulk_benchmark
select
  id,
  created_at as at
from
  jobs
where
  benchmark_id = $1
  and (created_at, id) < ($2::timestamptz, $3::uuid)
order by
  created_at desc,
  id desc
limit
  $4;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 'infinity'
-- $3 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $4 = 10
