-- benchmark_event_is_forgotten
select
  not $1::bigint < txid_snapshot_xmin(txid_current_snapshot())
  or exists (
    select
    from
      (
        select
          xid,
          id,
          benchmark_ids as ids
        from
          benchmark_events
        order by
          xid,
          id
        limit
          1
      ) e
    where
      ids = '{}'
      and (xid, id) > ($2::bigint, $3::bigint)
  ) as forgotten;
-- $1 = 0
-- $2 = 0
-- $3 = 0
