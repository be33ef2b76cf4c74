-- session_delete_of_user
delete from sessions
where
  user_id = $1
  and id is distinct from $2::uuid
returning
  id;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = null
