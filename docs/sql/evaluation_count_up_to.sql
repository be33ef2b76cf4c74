-- evaluation_count_up_to
select
  count(*) as count
from
  (
    select
    from
      evaluations
    where
      benchmark_id = $1
    limit
      $2
  ) e;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 10
