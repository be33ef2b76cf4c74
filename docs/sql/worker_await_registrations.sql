-- worker_await_registrations
select
  true as locked
from
  pg_advisory_xact_lock(hashtextextended ('worker:' || $1::text, 0));
-- $1 = 'w'
