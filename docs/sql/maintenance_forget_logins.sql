-- maintenance_forget_logins
with
  forgotten as (
    delete from login_attempts
    where
      key = any (
        array(
          select
            key
          from
            login_attempts
          where
            last_attempt < now() - make_interval(hours => $1)
            and (
              succeeded_at is null
              or succeeded_at < now() - make_interval(days => $2)
            )
          limit
            $3
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
-- $2 = 90
-- $3 = 10
