-- owner_of_audit_log
select
  user_id as owner
from
  audit_logs
where
  id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
