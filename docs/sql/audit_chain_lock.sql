-- audit_chain_lock
select
  true as locked
from
  pg_advisory_xact_lock(7036420325);
