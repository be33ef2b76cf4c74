-- job_bulk_ended
select
  job_id as id,
  finished_at as at
from
  job_finished
where
  status = $1
  and (
    $2::text is null
    or job_type = $3::text
  )
  and (finished_at, job_id) < ($4::timestamptz, $5::uuid)
order by
  finished_at desc,
  job_id desc
limit
  $6;
-- $1 = 'failed'
-- $2 = 't'
-- $3 = 't'
-- $4 = 'infinity'
-- $5 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $6 = 10
