-- principal_touch
with
  stale as (
    select
      id
    from
      api_keys
    where
      id = any ($1::uuid[])
      and (
        last_used is null
        or last_used <= $2::timestamptz - $3 * interval '1 ms'
      )
    order by
      id
    for no key update
      skip locked
  ),
  touched as (
    update api_keys k
    set
      last_used = $4
    from
      stale
    where
      k.id = stale.id
    returning
      1
  )
select
  count(*) as touched
from
  touched;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = 60000
-- $4 = '2026-01-31T12:00:00.000001Z'
