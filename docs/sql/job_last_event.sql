-- job_last_event
select
  xid,
  id
from
  job_events
where
  xid < txid_snapshot_xmin(txid_current_snapshot())
order by
  xid desc,
  id desc
limit
  1;
