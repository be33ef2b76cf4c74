-- job_existing
select
  id
from
  jobs
where
  id = any ($1::uuid[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
