-- retention_take_turn
insert into
  requests (actor, method, request_id, body_hash)
values
  (
    'service',
    'retention',
    $1::text || ' ' || floor(
      extract(
        epoch
        from
          clock_timestamp()
      ) / $2::float8
    )::bigint::text,
    ''
  )
on conflict (actor, method, request_id) do nothing
returning
  request_id as turn;
-- $1 = 'jobs'
-- $2 = 60
