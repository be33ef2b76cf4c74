-- user_hold
select
  id
from
  users
where
  id = $1
  and deleted_at is null
for share;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
