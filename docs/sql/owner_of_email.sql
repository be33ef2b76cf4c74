-- owner_of_email
select
  id as owner
from
  users
where
  lower(email) = lower($1)
  and deleted_at is null;
-- $1 = 'a@example.org'
