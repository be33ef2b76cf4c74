-- audit_chain_try_lock
select
  pg_try_advisory_xact_lock(7036420325) as locked;
