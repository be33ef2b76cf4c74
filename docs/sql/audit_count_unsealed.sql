-- audit_count_unsealed
select
  coalesce(sum(cardinality(entry_ids)), 0)::bigint as entries
from
  audit_unsealed
where
  id >= '-9223372036854775808'::bigint;
