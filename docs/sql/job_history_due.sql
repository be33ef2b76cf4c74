-- job_history_due
select
  last.minute,
  exists (
    select
    from
      job_history h
    where
      h.minute = last.minute
  ) as written
from
  (
    select
      date_trunc('minute', now()) - interval '1 minute' as minute
  ) last;
