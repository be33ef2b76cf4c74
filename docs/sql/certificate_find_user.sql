-- certificate_find_user
select
  id as user_id,
  username
from
  users
where
  lower(username) = lower($1)
  and role = 'worker'
  and active
  and deleted_at is null;
-- $1 = 'w'
