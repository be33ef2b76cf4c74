-- user_delete
update users
set
  active = false,
  deleted_at = now(),
  updated_at = now(),
  version = version + 1,
  password_hash = '',
  email = id,
  username = ' ' || id
where
  id = $1
  and deleted_at is null
returning
  id;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
