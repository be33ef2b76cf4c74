-- login_take_back
with
  held as (
    select
      key
    from
      login_attempts
    where
      key = any ($1::bytea[])
    order by
      key
    for no key update
  )
update login_attempts a
set
  failures = greatest(a.failures - 1, 0),
  next_attempt = clock_timestamp()
from
  held
where
  a.key = held.key
returning
  encode(a.key, 'hex') as key;
-- $1 = '{"\\x00112233445566778899aabbccddeeff"}'
