-- user_count
select
  count(*) as count
from
  users
where
  deleted_at is null;
