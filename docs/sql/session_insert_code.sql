-- session_insert_code
insert into
  sessions (id, user_id, created_at, expires_at, token_hash, api_key_id, is_code)
select
  $1,
  k.user_id,
  now(),
  least(clock_timestamp() + make_interval(mins => $2), k.expires_at),
  decode($3, 'hex'),
  k.id,
  true
from
  api_keys k
where
  k.id = $4
  and k.revoked_at is null
  and (
    k.expires_at is null
    or k.expires_at > clock_timestamp()
  )
returning
  user_id,
  expires_at;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 10
-- $3 = '00'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
