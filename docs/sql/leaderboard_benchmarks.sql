-- leaderboard_benchmarks
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.status,
  b.created_at
from
  benchmarks b
where
  b.id = any ($1::uuid[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
