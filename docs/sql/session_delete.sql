-- session_delete
delete from sessions
where
  id = $1
returning
  id,
  user_id;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
