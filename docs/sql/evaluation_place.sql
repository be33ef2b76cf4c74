-- evaluation_place
select
  e.created_at,
  e.score,
  e.id,
  (
    select
      v.value
    from
      (
        select
          case jsonb_typeof(e.metrics -> $1::text)
            when 'number' then (e.metrics -> $2::text)::double precision
            when 'boolean' then (e.metrics -> $3::text)::boolean::integer::double precision
          end as value
      ) v
    where
      abs(v.value) < 1e+150
  ) as value
from
  evaluations e
where
  e.id = $4
  and e.benchmark_id = $5;
-- $1 = 'a'
-- $2 = 'a'
-- $3 = 'a'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
