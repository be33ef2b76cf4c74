-- user_get_by_username
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
  lower(u.username) = lower($1)
  and u.deleted_at is null;
-- $1 = 'ada'
