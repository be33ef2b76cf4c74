-- evaluation_get, 1 of 2
select
  e.id,
  e.benchmark_id as "benchmarkId",
  e.sample_id as "sampleId",
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metadata,
  e.metrics,
  e.score,
  e.error,
  e.latency_ms as "latencyMs",
  e.input_tokens as "inputTokens",
  e.output_tokens as "outputTokens",
  e.cost_usd as "costUsd",
  e.created_at as "createdAt",
  e.updated_at as "updatedAt",
  e.created_by as "createdBy"
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
  e.benchmark_id as "benchmarkId",
  e.sample_id as "sampleId",
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metadata,
  e.metrics,
  e.score,
  e.error,
  e.latency_ms as "latencyMs",
  e.input_tokens as "inputTokens",
  e.output_tokens as "outputTokens",
  e.cost_usd as "costUsd",
  e.created_at as "createdAt",
  e.updated_at as "updatedAt",
  e.created_by as "createdBy"
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
