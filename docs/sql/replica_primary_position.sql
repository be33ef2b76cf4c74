-- replica_primary_position
select
  pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as position;
