-- Grants for a service's role that does not own the tables. They protect the audit trail from the service
-- itself: it may add entries and seals, but change none, and remove some only through audit_cleanup.
--
--   DATABASE_URL=postgres://owner:…@host/llm_test_bench ltb migrate up
--   psql postgres://owner:…@host/llm_test_bench --set=role=ltb_service --file=deploy/grants.sql
--   DATABASE_URL=postgres://ltb_service:…@host/llm_test_bench ltb serve
--
-- deploy/roles.sql makes both roles. Run this as the owner after each `ltb migrate up`; it may be run again.
-- Do not make the service's role a member of the owner's.

\set ON_ERROR_STOP on
\if :{?role}
\else
do $$ begin raise exception 'name the service''s role: --set=role=ltb_service'; end $$;
\endif

begin;

revoke create on schema public from public;
grant usage on schema public to :"role";

revoke all on all tables in schema public from :"role";
grant select, insert, update, delete on all tables in schema public to :"role";
-- `ltb backup` reads how far they are.
grant select on all sequences in schema public to :"role";

-- The audit trail only grows; its entries never change.
revoke update, delete on audit_logs, audit_seals, job_attempts from :"role";
-- The sealer takes entries out of the trail's queue.
revoke update on audit_unsealed from :"role";
-- Only the owner migrates.
revoke insert, update, delete on schema_migrations from :"role";

grant execute on function audit_cleanup(timestamptz, integer) to :"role";

commit;
