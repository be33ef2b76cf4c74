-- evaluation_search_indexes
select
  c.relname::text as name
from
  pg_index i
  join pg_class c on c.oid = i.indexrelid
where
  i.indrelid = to_regclass('evaluations')
  and i.indisvalid
  and c.relname in ('idx_evaluations_metadata', 'idx_evaluations_text');
