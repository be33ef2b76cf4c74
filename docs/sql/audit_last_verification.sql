-- audit_last_verification
select
  created_at as verified_at,
  user_id,
  changes -> 'after' as after
from
  audit_logs
where
  entity_type = 'audit_log'
  and entity_id = $1
  and action = 'verify'
  and not external
order by
  created_at desc,
  id desc
limit
  1;
-- $1 = 'chain'
