-- benchmark_is_being_deleted
select
  benchmark_id as id
from
  benchmark_deletions
where
  benchmark_id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
