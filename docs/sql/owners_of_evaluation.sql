-- owners_of_evaluation
select
  b.created_by as owner
from
  evaluations e
  left join benchmarks b on b.id = e.benchmark_id
where
  e.id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
