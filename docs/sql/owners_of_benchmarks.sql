-- owners_of_benchmarks
select
  id,
  created_by as owner
from
  benchmarks
where
  id = any ($1::uuid[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
