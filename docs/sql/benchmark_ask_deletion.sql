-- benchmark_ask_deletion
with
  asked as (
    insert into
      benchmark_deletions (benchmark_id, user_id, api_key_id, ip_address, actor, request_id, user_agent)
    select
      id,
      $1,
      $2,
      $3,
      $4,
      $5,
      $6
    from
      benchmarks
    where
      id = $7
    on conflict (benchmark_id) do nothing
  )
select
  id
from
  benchmarks
where
  id = $8;
-- $1 = null
-- $2 = null
-- $3 = null
-- $4 = null
-- $5 = null
-- $6 = null
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
