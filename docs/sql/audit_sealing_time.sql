-- audit_sealing_time
select
  greatest(clock_timestamp(), $1::timestamptz) as at;
-- $1 = '2026-01-31T12:00:00.000001Z'
