-- login_note
update login_attempts a
set
  failures = note.failures,
  last_attempt = clock_timestamp(),
  next_attempt = clock_timestamp() + note.delay_ms * interval '1 ms'
from
  unnest($1::bytea[], $2::int4[], $3::int4[]) as note (key, failures, delay_ms)
where
  a.key = note.key
returning
  encode(a.key, 'hex') as key;
-- $1 = '{"\\x00112233445566778899aabbccddeeff"}'
-- $2 = '{1}'
-- $3 = '{0}'
