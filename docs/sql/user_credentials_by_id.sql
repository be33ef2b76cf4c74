-- user_credentials_by_id
select
  u.id,
  u.email,
  u.username,
  u.active,
  u.password_hash
from
  users u
where
  u.id = $1
  and u.deleted_at is null;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
