-- audit_chain_checkpoint
select
  sequence,
  kind,
  case
    when "sealed_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "sealed_at"
  end as "sealedAt",
  encode(key_id, 'hex') as "keyId",
  previous_mac as "previousMac",
  entries,
  case
    when "first_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "first_at"
  end as "firstAt",
  case
    when "last_at" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "last_at"
  end as "lastAt",
  case
    when "cutoff" between '1900-01-01T00:00:00Z'::timestamptz and '9999-12-31T23:59:59Z'::timestamptz then "cutoff"
  end as cutoff,
  mac,
  pg_catalog.sha256 (content) as "contentHash"
from
  audit_seals
where
  kind = 'checkpoint'
order by
  cutoff desc
limit
  1;
