-- session_begin
with
  begun as (
    update sessions s
    set
      is_code = false,
      token_hash = decode($1, 'hex'),
      created_at = now(),
      expires_at = least(clock_timestamp() + make_interval(hours => $2), k.expires_at)
    from
      users u,
      api_keys k
    where
      s.id = $3
      and s.is_code
      and s.expires_at > clock_timestamp()
      and u.id = s.user_id
      and u.active
      and k.id = s.api_key_id
      and k.revoked_at is null
      and (
        k.expires_at is null
        or k.expires_at > clock_timestamp()
      )
    returning
      s.user_id,
      s.expires_at
  ),
  seen as (
    update users u
    set
      last_login = clock_timestamp()
    from
      begun
    where
      u.id = begun.user_id
    returning
      1
  )
select
  expires_at
from
  begun;
-- $1 = '00'
-- $2 = 12
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
