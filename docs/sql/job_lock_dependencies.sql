-- job_lock_dependencies
with
  dependency as materialized (
    select
      id,
      status,
      has_dependants
    from
      jobs
    where
      id = any ($1::uuid[])
    order by
      id
    for no key update
  ),
  marked as (
    update jobs j
    set
      has_dependants = true
    from
      dependency
    where
      j.id = dependency.id
      and dependency.status in ('pending', 'running')
      and not dependency.has_dependants
  )
select
  id,
  status
from
  dependency;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
