-- session_insert
with
  u as (
    update users
    set
      last_login = clock_timestamp(),
      password_hash = coalesce($1, password_hash)
    where
      id = $2
      and active
      and deleted_at is null
      and password_hash = $3
    returning
      id
  )
insert into
  sessions (id, user_id, created_at, expires_at, token_hash)
select
  $4,
  u.id,
  clock_timestamp(),
  clock_timestamp() + make_interval(hours => $5),
  decode($6, 'hex')
from
  u
returning
  id,
  expires_at;
-- $1 = null
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = ''
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 12
-- $6 = '00'
