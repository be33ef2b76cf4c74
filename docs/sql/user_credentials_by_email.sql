-- user_credentials_by_email
select
  u.id,
  u.email,
  u.username,
  u.active,
  u.password_hash
from
  users u
where
  lower(u.email) = lower($1)
  and u.deleted_at is null;
-- $1 = 'ada@example.com'
