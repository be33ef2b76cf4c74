-- maintenance_forget_requests
with
  forgotten as (
    delete from requests
    where
      ctid = any (
        array(
          select
            ctid
          from
            requests
          where
            created_at < now() - make_interval(hours => $1)
          limit
            $2
          for update
            skip locked
        )
      )
    returning
      1
  )
select
  count(*) as forgotten
from
  forgotten;
-- $1 = 24
-- $2 = 10
