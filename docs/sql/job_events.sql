-- job_events
select
  xid,
  id,
  ids
from
  (
    select
      xid,
      id,
      ids,
      sum(cardinality(ids)) over (
        order by
          xid,
          id
      ) - cardinality(ids) as ids_before
    from
      (
        select
          xid,
          id,
          job_ids as ids
        from
          job_events
        where
          (xid, id) > ($1::bigint, $2::bigint)
          and xid < txid_snapshot_xmin(txid_current_snapshot())
        order by
          xid,
          id
        limit
          $3
      ) e
  ) e
where
  ids_before < $4
order by
  xid,
  id;
-- $1 = 0
-- $2 = 0
-- $3 = 500
-- $4 = 1000
