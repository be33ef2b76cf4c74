-- request_get
select
  encode(body_hash, 'hex') as body_hash,
  result
from
  requests
where
  actor = $1
  and method = $2
  and request_id = $3;
-- $1 = ''
-- $2 = 'CreateBenchmark'
-- $3 = 'r'
