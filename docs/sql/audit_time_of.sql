-- audit_time_of
select
  least(
    (
      select
        created_at
      from
        audit_logs
      where
        created_at > $1::timestamptz
        and created_at <= $2::timestamptz
      order by
        created_at
      offset
        $3
      limit
        1
    ),
    (
      select
        ended_at
      from
        job_attempts
      where
        ended_at > $4::timestamptz
        and ended_at <= $5::timestamptz
      order by
        ended_at
      offset
        $6
      limit
        1
    )
  ) as at;
-- $1 = '-infinity'
-- $2 = 'infinity'
-- $3 = 3999
-- $4 = '-infinity'
-- $5 = 'infinity'
-- $6 = 3999
