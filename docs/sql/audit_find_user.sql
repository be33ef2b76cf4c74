-- audit_find_user
select
  username
from
  users
where
  id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
