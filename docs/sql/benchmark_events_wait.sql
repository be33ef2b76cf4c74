-- benchmark_events_wait
select
  coalesce(
    (
      select
        greatest(
          extract(
            epoch
            from
              clock_timestamp() - created_at
          ) * 1000,
          0
        )
      from
        benchmark_events
      where
        xid >= txid_snapshot_xmin(txid_current_snapshot())
      order by
        xid,
        id
      limit
        1
    ),
    0
  )::double precision as ms;
