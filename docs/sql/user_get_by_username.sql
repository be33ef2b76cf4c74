-- user_get_by_username
select
  u.id,
  u.email,
  u.username,
  u.role,
  u.active,
  u.email_verified as "emailVerified",
  u.metadata,
  u.last_login as "lastLogin",
  u.created_at as "createdAt",
  u.updated_at as "updatedAt",
  u.version
from
  users u
where
  lower(u.username) = lower($1)
  and u.deleted_at is null;
-- $1 = 'ada'
