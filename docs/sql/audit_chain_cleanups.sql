-- audit_chain_cleanups
select
  entity_id as entry_id
from
  audit_logs
where
  entity_type = 'audit_log'
  and action = 'cleanup'
  and entity_id = any ($1::text[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
