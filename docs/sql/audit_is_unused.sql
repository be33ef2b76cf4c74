-- audit_is_unused
select
  not exists (
    select
    from
      audit_seals
  )
  and not exists (
    select
    from
      audit_logs
  )
  and not exists (
    select
    from
      users
  ) as unused;
