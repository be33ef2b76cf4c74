-- audit_cleanup_cutoff
select
  cutoff,
  coalesce(
    (
      select
        created_at
      from
        audit_unsealed
      order by
        id
      limit
        1
    ) < cutoff,
    false
  ) as waiting
from
  (
    select
      date_trunc('second', now() - make_interval(hours => 24 * $1)) as cutoff
  ) c;
-- $1 = 30
