-- evaluation_compared_values
select
  $1::integer as place,
  v.sample_id,
  v.value,
  v.id,
  v.tries
from
  (
    select
      v.sample_id,
      v.id,
      v.tries,
      v.alike,
      v.failed,
      v.input,
      v.expected,
      case
        when v.successes >= 0 then case
          when v.n >= $2 then 1 - case
            when (v.n - v.successes) < $3 then 0
            else (
              select
                exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
              from
                generate_series(0, $4::bigint - 1) i
            )
          end
        end
      end as value
    from
      (
        select
          v.sample_id,
          (
            array_agg(
              v.id
              order by
                v.repetition
            )
          ) [1] as id,
          count(*)::integer as tries,
          (
            count(*) > 1
            and min(v.value) = max(v.value)
          )::integer as alike,
          bool_or(v.failed) as failed,
          case
            when min(v."input") = max(v."input") then min(v."input")
            else min(v."input") # (max(v."input") << 1)
          end as "input",
          case
            when min(v."expected") = max(v."expected") then min(v."expected")
            else min(v."expected") # (max(v."expected") << 1)
          end as "expected",
          count(*) + 0 as n,
          case
            when min(v.value) >= 0
            and max(v.value) <= 1 then count(*) filter (
              where
                v.value = 1
            ) + 0
            else -1
          end as successes
        from
          (
            select
              *
            from
              (
                select
                  e.id,
                  e.sample_id,
                  e.repetition,
                  (
                    select
                      v.value
                    from
                      (
                        select
                          "e"."score"::double precision as value
                      ) v
                    where
                      abs(v.value) < 1e+150
                  ) as value,
                  1 as tries,
                  0 as alike,
                  e.error is not null as failed,
                  hashtextextended (nullif(e.input, ''), 0) as input,
                  hashtextextended (e.expected, 0) as expected
                from
                  evaluations e
                where
                  e.benchmark_id = $5
                  and e.sample_id is not null
                  and e.sample_id = any ($6::text[])
              ) v
            where
              value is not null
          ) v
        group by
          v.sample_id
      ) v
  ) v
union all
select
  $7::integer as place,
  v.sample_id,
  v.value,
  v.id,
  v.tries
from
  (
    select
      v.sample_id,
      v.id,
      v.tries,
      v.alike,
      v.failed,
      v.input,
      v.expected,
      case
        when v.successes >= 0 then case
          when v.n >= $8 then 1 - case
            when (v.n - v.successes) < $9 then 0
            else (
              select
                exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
              from
                generate_series(0, $10::bigint - 1) i
            )
          end
        end
      end as value
    from
      (
        select
          v.sample_id,
          (
            array_agg(
              v.id
              order by
                v.repetition
            )
          ) [1] as id,
          count(*)::integer as tries,
          (
            count(*) > 1
            and min(v.value) = max(v.value)
          )::integer as alike,
          bool_or(v.failed) as failed,
          case
            when min(v."input") = max(v."input") then min(v."input")
            else min(v."input") # (max(v."input") << 1)
          end as "input",
          case
            when min(v."expected") = max(v."expected") then min(v."expected")
            else min(v."expected") # (max(v."expected") << 1)
          end as "expected",
          count(*) + 0 as n,
          case
            when min(v.value) >= 0
            and max(v.value) <= 1 then count(*) filter (
              where
                v.value = 1
            ) + 0
            else -1
          end as successes
        from
          (
            select
              *
            from
              (
                select
                  e.id,
                  e.sample_id,
                  e.repetition,
                  (
                    select
                      v.value
                    from
                      (
                        select
                          "e"."score"::double precision as value
                      ) v
                    where
                      abs(v.value) < 1e+150
                  ) as value,
                  1 as tries,
                  0 as alike,
                  e.error is not null as failed,
                  hashtextextended (nullif(e.input, ''), 0) as input,
                  hashtextextended (e.expected, 0) as expected
                from
                  evaluations e
                where
                  e.benchmark_id = $11
                  and e.sample_id is not null
                  and e.sample_id = any ($12::text[])
              ) v
            where
              value is not null
          ) v
        group by
          v.sample_id
      ) v
  ) v;
-- $1 = 0
-- $2 = 2
-- $3 = 2
-- $4 = 2
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = '{s}'
-- $7 = 1
-- $8 = 2
-- $9 = 2
-- $10 = 2
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = '{s}'
