-- login_hold
insert into
  login_attempts as a (key)
select
  key
from
  unnest($1::bytea[]) as k (key)
order by
  key
on conflict (key) do update
set
  key = excluded.key
returning
  encode(key, 'hex') as key,
  case
    when last_attempt < clock_timestamp() - make_interval(hours => $2) then 0
    else failures
  end as failures,
  greatest(
    0,
    ceil(
      extract(
        epoch
        from
          next_attempt - clock_timestamp()
      ) * 1000
    )
  )::integer as wait_ms,
  coalesce(succeeded_at > clock_timestamp() - make_interval(days => $3), false) as is_known;
-- $1 = '{"\\x00112233445566778899aabbccddeeff"}'
-- $2 = 24
-- $3 = 90
