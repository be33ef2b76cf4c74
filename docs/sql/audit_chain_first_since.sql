-- audit_chain_first_since
select
  sequence
from
  audit_seals
where
  sealed_at >= $1::timestamptz
order by
  sealed_at,
  sequence
limit
  1;
-- $1 = '2026-01-31T12:00:00.000001Z'
