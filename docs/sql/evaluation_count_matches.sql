-- evaluation_count_matches
select
  count(*) as count
from
  (
    select
    from
      (
        select
          *
        from
          evaluations
        where
          jsonb_set('{}', array[benchmark_id::text], metadata) @> $1::jsonb
          and (
            to_tsvector('simple', left(input, 50000) || ' ' || left(coalesce(output, ''), 50000)) || array_to_tsvector(array['benchmark ' || benchmark_id::text])
          ) @@ (websearch_to_tsquery('simple', $2) && $3::tsquery)
          and numnode(websearch_to_tsquery('simple', $4)) > 0
        offset
          0
      ) m
    limit
      $5
  ) e;
-- $1 = '{"01890a5d-ac96-774b-bcce-b302099a8057":{"a":1}}'
-- $2 = 'word'
-- $3 = '''benchmark 01890a5d-ac96-774b-bcce-b302099a8057'''
-- $4 = 'word'
-- $5 = 10
