-- job_failures_newest
select
  count(*) as count
from
  (
    select
      job_id,
      finished_at
    from
      job_finished
    where
      status = 'failed'
      and finished_at >= $1
      and finished_at < $2
    order by
      finished_at desc,
      job_id desc
    limit
      $3
  ) fin;
-- $1 = '2026-01-31T12:00:00.000001Z'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = 5000
