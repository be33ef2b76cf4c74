-- user_change_password
update users
set
  password_hash = $1,
  updated_at = now(),
  version = version + 1
where
  id = $2
  and password_hash = $3
  and deleted_at is null
returning
  id;
-- $1 = 'h'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = ''
