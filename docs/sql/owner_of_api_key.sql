-- owner_of_api_key
select
  user_id as owner
from
  api_keys
where
  id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
