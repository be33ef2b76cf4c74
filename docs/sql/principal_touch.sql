-- principal_touch
with
  stale_keys as (
    select
      id
    from
      api_keys
    where
      id = any ($1::uuid[])
      and (
        last_used is null
        or last_used <= $2::timestamptz - interval '1 minute'
      )
    order by
      id
    for no key update
      skip locked
  ),
  stale_sessions as (
    select
      id
    from
      sessions
    where
      id = any ($3::uuid[])
      and (
        last_used is null
        or last_used <= $4::timestamptz - interval '1 minute'
      )
    order by
      id
    for no key update
      skip locked
  ),
  keys as (
    update api_keys k
    set
      last_used = $5
    from
      stale_keys
    where
      k.id = stale_keys.id
    returning
      1
  ),
  used_sessions as (
    update sessions s
    set
      last_used = $6
    from
      stale_sessions
    where
      s.id = stale_sessions.id
    returning
      1
  )
select
  (
    select
      count(*)
    from
      keys
  ) + (
    select
      count(*)
    from
      used_sessions
  ) as touched;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
