-- evaluation_get, 1 of 2
select
  e.id,
  e.benchmark_id,
  e.sample_id,
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metrics::text as metrics,
  e.score,
  e.error,
  e.latency_ms,
  e.input_tokens,
  e.output_tokens,
  e.cost_usd,
  e.metadata::text as metadata,
  e.created_at,
  e.updated_at,
  e.created_by
from
  evaluations e
where
  e.id = $1
limit
  1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_get, 2 of 2
select
  e.id,
  e.benchmark_id,
  e.sample_id,
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metrics::text as metrics,
  e.score,
  e.error,
  e.latency_ms,
  e.input_tokens,
  e.output_tokens,
  e.cost_usd,
  e.metadata::text as metadata,
  e.created_at,
  e.updated_at,
  e.created_by
from
  evaluations e
where
  e.id = $1
  and e.benchmark_id = $2
limit
  1
for no key update;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
