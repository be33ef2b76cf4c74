-- audit_chain_last_of
select
  sequence
from
  audit_seals
where
  encode(key_id, 'hex') = any ($1::text[])
order by
  sequence desc
limit
  1;
-- $1 = '{0011223344556677}'
