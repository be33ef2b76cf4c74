-- benchmark_take_deletion
select
  benchmark_id as id,
  last_created_at as "createdAt",
  last_id as "lastId",
  user_id as "userId",
  api_key_id as "keyId",
  ip_address as "ipAddress",
  actor,
  request_id as "requestId",
  user_agent as "userAgent"
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
