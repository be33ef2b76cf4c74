-- evaluation_summarize_totals
select
  count(*) as "evaluationCount",
  count(error) as "failedCount",
  coalesce(sum(input_tokens), 0)::bigint as "inputTokens",
  coalesce(sum(output_tokens), 0)::bigint as "outputTokens",
  coalesce(
    sum(cost_usd) filter (
      where
        cost_usd < 1e150
    ),
    0
  )::double precision as "costUsd"
from
  evaluations
where
  benchmark_id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
