-- leaderboard_benchmarks
select
  id,
  name,
  provider,
  model,
  status,
  created_at as "createdAt"
from
  benchmarks
where
  id = any ($1::uuid[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
