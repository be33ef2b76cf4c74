-- login_note
update login_attempts a
set
  failures = n.failures,
  last_attempt = clock_timestamp(),
  next_attempt = clock_timestamp() + n.delay_ms * interval '1 ms'
from
  unnest($1::bytea[], $2::int4[], $3::int4[]) as n (key, failures, delay_ms)
where
  a.key = n.key
returning
  encode(a.key, 'hex') as key;
-- $1 = '{"\\x00112233445566778899aabbccddeeff"}'
-- $2 = '{1}'
-- $3 = '{0}'
