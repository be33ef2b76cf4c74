-- job_explain_ends
select
  j.status,
  att.outcome,
  coalesce(j.epoch = item.epoch, false) as is_current,
  coalesce(att.attempt <= j.max_retries, false) as may_retry,
  j.run_at,
  case
    when att.error like $1 then att.error
  end as rejection,
  coalesce(att.evaluations_inserted, 0) as evaluations_inserted,
  coalesce(att.evaluations_duplicate, 0) as evaluations_duplicate,
  coalesce(att.evaluations_conflict, 0) as evaluations_conflict
from
  unnest($2::uuid[], $3::int4[], $4::text[]) with ordinality as item (job_id, epoch, worker_id, ordinality)
  left join jobs j on j.id = item.job_id
  left join job_attempts att on att.job_id = item.job_id
  and att.epoch = item.epoch
  and att.worker_id = item.worker_id
order by
  item.ordinality;
-- $1 = 'result rejected: %'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = '{1}'
-- $4 = '{w}'
