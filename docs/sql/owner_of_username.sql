-- owner_of_username
select
  id as owner
from
  users
where
  lower(username) = lower($1)
  and deleted_at is null;
-- $1 = 'a'
