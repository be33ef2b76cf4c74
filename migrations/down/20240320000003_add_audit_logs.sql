begin;
drop function audit_cleanup(timestamptz, integer);
drop trigger job_attempts_append_only on job_attempts;
drop table audit_seals, audit_unsealed, audit_logs;
drop function adopt_audit_log(), refuse_audit_change();
drop index idx_job_attempts_ended_at;
commit;
