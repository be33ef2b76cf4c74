-- request_insert
insert into
  requests (actor, method, request_id, body_hash)
values
  ($1, $2, $3, decode($4, 'hex'))
on conflict (actor, method, request_id) do nothing
returning
  request_id;
-- $1 = ''
-- $2 = 'CreateBenchmark'
-- $3 = 'r'
-- $4 = '00'
