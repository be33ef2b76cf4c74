-- audit_database_id
select
  c.system_identifier || '/' || d.oid as id
from
  pg_control_system() c,
  pg_database d
where
  d.datname = current_database();
