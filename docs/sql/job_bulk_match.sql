-- job_bulk_match, 1 of 2
select
  j.id,
  true as permitted
from
  jobs j
where
  j.id = any ($1::"uuid" [])
  and j.status = any ($2::"text" []);
-- $1 = '{ffffffff-ffff-ffff-ffff-ffffffffffff}'
-- $2 = '{pending}'

-- job_bulk_match, 2 of 2
select
  j.id,
  j.created_by is not distinct from $1 as permitted
from
  jobs j
where
  j.id = any ($2::"uuid" [])
  and j.status = any ($3::"text" [])
  and j.job_type = $4
  and j.benchmark_id = $5
  and j.limit_key = $6
  and j.fair_key = $7
  and j.created_by = $8
  and j.created_at >= $9
  and j.created_at < $10
  and j.required_tags @> $11::text[]
  and strpos(lower(j.error), lower($12::text)) > 0
  and j.metadata @> $13::jsonb
  and j.completed_at >= $14
  and j.completed_at < $15;
-- $1 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $2 = '{ffffffff-ffff-ffff-ffff-ffffffffffff}'
-- $3 = '{failed}'
-- $4 = 't'
-- $5 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $6 = 'k'
-- $7 = 'k'
-- $8 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '2026-01-31T12:00:00.000001Z'
-- $11 = '{gpu}'
-- $12 = '429'
-- $13 = '{"a":1}'
-- $14 = '2026-01-31T12:00:00.000001Z'
-- $15 = '2026-01-31T12:00:00.000001Z'
