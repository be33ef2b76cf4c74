-- user_update_last_login
update users
set
  last_login = now()
where
  id = $1
  and deleted_at is null
returning
  id;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
