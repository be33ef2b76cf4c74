-- benchmark_take_deletion
select
  benchmark_id as id,
  last_created_at as created_at,
  last_id,
  user_id,
  api_key_id as key_id,
  ip_address,
  actor,
  request_id,
  user_agent
from
  benchmark_deletions
where
  benchmark_id = coalesce($1::uuid, benchmark_id)
order by
  requested_at,
  benchmark_id
limit
  1
for update
  skip locked;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
