-- maintenance_forget_sessions
with
  forgotten as (
    delete from sessions
    where
      id = any (
        array(
          select
            id
          from
            sessions
          where
            expires_at < now()
          limit
            $1
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
-- $1 = 10
