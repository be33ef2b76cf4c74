-- login_success
update login_attempts
set
  failures = 0,
  next_attempt = clock_timestamp(),
  succeeded_at = clock_timestamp()
where
  key = decode($1, 'hex')
returning
  encode(key, 'hex') as key;
-- $1 = '00112233445566778899aabbccddeeff'
