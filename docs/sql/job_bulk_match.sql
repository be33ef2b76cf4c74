-- job_bulk_match, 1 of 2
select
  j.id
from
  jobs j
where
  j.id = any ($1::"uuid" [])
  and j.status = any ($2::"text" []);
-- $1 = '{ffffffff-ffff-ffff-ffff-ffffffffffff}'
-- $2 = '{pending}'

-- job_bulk_match, 2 of 2
select
  j.id
from
  jobs j
where
  j.id = any ($1::"uuid" [])
  and j.status = any ($2::"text" [])
  and j.job_type = $3
  and j.benchmark_id = $4
  and j.limit_key = $5
  and j.created_by = $6
  and j.created_at >= $7
  and j.created_at < $8;
-- $1 = '{ffffffff-ffff-ffff-ffff-ffffffffffff}'
-- $2 = '{failed}'
-- $3 = 't'
-- $4 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $5 = 'k'
-- $6 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $7 = '2026-01-31T12:00:00.000001Z'
-- $8 = '2026-01-31T12:00:00.000001Z'
