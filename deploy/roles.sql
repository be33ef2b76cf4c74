-- Makes the two roles of docs/security.md, or gives them new passwords: ltb_owner owns the schema and
-- migrates it, ltb_service is the service's own. Run it in the service's database, before the first
-- `ltb migrate up`, as a superuser, or as the database's owner with CREATEROLE. It may be run again.
--
--   export OWNER_PASSWORD=… SERVICE_PASSWORD=…
--   psql postgres://postgres:…@host/llm_test_bench --file=deploy/roles.sql
--
-- It needs psql of PostgreSQL 14 or later.
\set ON_ERROR_STOP on
\set owner_password ''
\set service_password ''
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD

-- An empty password would be taken away.
select :'owner_password' = '' or :'service_password' = '' as lacks_password \gset
\if :lacks_password
do $$ begin raise exception 'OWNER_PASSWORD and SERVICE_PASSWORD must be set, and not empty'; end $$;
\endif

begin;

-- New roles have no other rights.
do $$ begin create role ltb_owner; exception when duplicate_object then null; end $$;
do $$ begin create role ltb_service; exception when duplicate_object then null; end $$;
alter role ltb_owner login password :'owner_password';
alter role ltb_service login password :'service_password';

-- Who is no superuser gives away only to roles that it is a member of.
grant ltb_owner to current_user;
grant create on database :"DBNAME" to ltb_owner;
alter schema public owner to ltb_owner;
-- Before PostgreSQL 15 anybody may create there, and a service that was first would own what it made.
revoke create on schema public from public;

commit;
