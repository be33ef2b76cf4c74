-- audit_chain_link
select
  audit_seals.sequence,
  audit_seals.kind,
  case
    when "sealed_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "sealed_at"
  end as sealed_at,
  encode(key_id, 'hex') as key_id,
  audit_seals.previous_mac,
  audit_seals.entries,
  case
    when "first_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "first_at"
  end as first_at,
  case
    when "last_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "last_at"
  end as last_at,
  case
    when "cutoff" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "cutoff"
  end as cutoff,
  audit_seals.mac,
  pg_catalog.sha256 (content) as content_hash
from
  audit_seals
where
  sequence = $1;
-- $1 = 1
