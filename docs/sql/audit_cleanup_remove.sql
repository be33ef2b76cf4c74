-- audit_cleanup_remove
select
  logs,
  attempts
from
  audit_cleanup ($1::timestamptz, $2);
-- $1 = '2026-01-31T12:00:00.000000Z'
-- $2 = 10
