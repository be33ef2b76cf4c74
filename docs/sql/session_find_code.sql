-- session_find_code
select
  user_id,
  api_key_id,
  encode(token_hash, 'hex') as hash
from
  sessions
where
  id = $1
  and is_code;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
