-- evaluation_summarize_totals
select
  count(*) as evaluation_count,
  count(error) as failed_count,
  coalesce(sum(input_tokens), 0)::bigint as input_tokens,
  coalesce(sum(output_tokens), 0)::bigint as output_tokens,
  coalesce(
    sum(cost_usd) filter (
      where
        cost_usd < 1e+150
    ),
    0
  )::double precision as cost_usd
from
  evaluations
where
  benchmark_id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
