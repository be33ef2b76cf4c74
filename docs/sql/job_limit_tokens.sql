-- job_limit_tokens
select
  limit_key,
  tokens_per_minute
from
  job_limits
where
  limit_key = any ($1::"text" [])
  and tokens_per_minute is not null;
-- $1 = '{k}'
