-- request_finish
update requests
set
  result = $1
where
  actor = $2
  and method = $3
  and request_id = $4
returning
  request_id;
-- $1 = '{}'
-- $2 = ''
-- $3 = 'CreateBenchmark'
-- $4 = 'r'
