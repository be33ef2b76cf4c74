-- Up Migration
--
-- What claims and completions write once a statement or once a job, written cheaper (PostgreSQL 18, 2 cores, statements of 500).

-- Random ids do not get smaller by compression, and 8 kB of them take 0.4 ms to find that out: 1.5 µs per job claimed and completed.
alter table job_events alter column job_ids set storage external;
alter table audit_unsealed alter column entry_ids set storage external;

-- Ascending, and read backwards: rows then come at the end of their worker's, not at its beginning, where every page is split in
-- half. 0.8 µs per completion.
drop index idx_job_finished_worker;
create index idx_job_finished_worker on job_finished (worker_id, finished_at, job_id) where worker_id is not null;

-- Down Migration

drop index idx_job_finished_worker;
create index idx_job_finished_worker on job_finished (worker_id, finished_at desc, job_id desc) where worker_id is not null;
alter table audit_unsealed alter column entry_ids set storage extended;
alter table job_events alter column job_ids set storage extended;
