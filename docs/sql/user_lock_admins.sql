-- user_lock_admins
select
  id
from
  users
where
  role = 'admin'
  and active
  and deleted_at is null
order by
  id
for no key update;
