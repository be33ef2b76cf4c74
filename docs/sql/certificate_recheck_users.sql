-- certificate_recheck_users
select
  id as user_id,
  username
from
  users
where
  id = any ($1::uuid[])
  and role = 'worker'
  and active
  and deleted_at is null;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
