-- job_explain_ends
select
  j.status,
  a.outcome,
  coalesce(j.epoch = i.epoch, false) as is_current,
  j.run_at
from
  unnest($1::uuid[], $2::int4[], $3::text[]) with ordinality as i (job_id, epoch, worker_id, ordinality)
  left join jobs j on j.id = i.job_id
  left join job_attempts a on a.job_id = i.job_id
  and a.epoch = i.epoch
  and a.worker_id = i.worker_id
order by
  i.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
