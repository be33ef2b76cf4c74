-- user_get
select
  u.id,
  u.email,
  u.username,
  u.role,
  u.active,
  u.email_verified,
  u.metadata,
  u.last_login,
  u.created_at,
  u.updated_at,
  u.version
from
  users u
where
  u.id = $1
  and u.deleted_at is null;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
