import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuditTrail } from "../../../src/audit/seal/trail.ts";
import { type DatabaseConfig, databaseConfig } from "../../../src/config.ts";
import { Database } from "../../../src/storage.ts";
import { sample } from "../../harness/examples.ts";
import { administer, createTestDatabase, onlooker } from "../../harness/postgres.ts";
import { addLogs, startTrail } from "./support.ts";

// The service as it is run by an operator who takes the audit trail seriously: its role owns nothing and has
// what deploy/grants.sql gives.

const role = `ltb_service_${randomBytes(6).toString("hex")}`;
const DAY = 86_400;
let owner: Awaited<ReturnType<typeof startTrail>>;
let config: DatabaseConfig;
let db: Database;
let trail: AuditTrail;
let client: Client;

beforeAll(async () => {
  const made = await createTestDatabase();
  await administer((admin) => admin.query(`create role ${role} login password '${role}' nosuperuser`));
  owner = await startTrail(made);
  const script = await readFile(join(import.meta.dirname, "../../../deploy/grants.sql"), "utf8");
  // What stands before the transaction is for psql only.
  const grants = script.slice(script.indexOf("begin;"));
  for (const _ of [1, 2]) await owner.superuser.query(grants.replaceAll(':"role"', role));
  config = databaseConfig({
    host: made.host,
    port: made.port,
    database: made.database,
    user: role,
    password: role,
    sslMode: "disable",
  });
  db = await Database.connect({ ...config, poolSize: 4 });
  trail = new AuditTrail(db.executor, { keyFile: owner.keyFile, log: owner.log });
  client = await onlooker(config);
});

afterAll(async () => {
  await client.end();
  await db.close();
  await owner.superuser.query(`drop owned by ${role}`);
  await administer((admin) => admin.query(`drop role ${role}`));
});

test("the service works", async () => {
  expect(await db.migrate()).toEqual({ applied: [] });
  const benchmark = await db.benchmarks.create(sample);
  await db.benchmarks.update(benchmark.id, { status: "running" });
  await db.evaluations.createMany([
    {
      benchmarkId: benchmark.id,
      sampleId: "s",
      provider: "p",
      model: "m",
      input: "i",
      output: "o",
      score: 1,
      metrics: {},
    },
  ]);
  await db.workers.register({ workerId: "w", address: "127.0.0.1:1", capacity: 4, jobTypes: ["t"] });
  const jobs = await Promise.all([1, 2, 3, 4].map(() => db.jobs.create({ jobType: "t", payload: {} })));
  const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 3, jobTypes: ["t"] });
  expect(leases).toHaveLength(3);
  const [first, second, third] = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
  if (!first || !second || !third) throw new Error("too few leases");
  await db.jobs.complete("w", [{ ...first, result: {} }]);
  await db.jobs.fail("w", [{ ...second, error: "e", retryable: false, retryAfterMs: undefined }]);
  await db.jobs.cancel(third.jobId, "no more");
  await db.jobs.retry(second.jobId);
  await db.jobs.setLimit({ limitKey: "k", maxRunning: 1 });
  await db.jobs.deleteLimit("k");
  await db.jobs.delete(first.jobId);
  await db.maintain();
  await db.workers.drain("w", "done");
  await db.benchmarks.delete(benchmark.id);
  expect(await db.stats()).toMatchObject({ jobCount: jobs.length - 1 });

  await addLogs(client, 2, { age: 3 * DAY });
  expect(await trail.seal()).toBeGreaterThan(10);
  expect(await trail.cleanUp(2)).toEqual({ deleted: 2, more: false });
  expect(await trail.seal()).toBe(1);
  const verified = await trail.verify();
  expect(verified).toMatchObject({ removed: 2, unsealed: 0 });
  expect(verified.broken).toBeUndefined();
});

describe("the service's role", () => {
  test("owns nothing and belongs to nobody", async () => {
    const { rows } = await client.query(
      `select (select count(*) from pg_class where relowner = r.oid)::int as tables,
        (select count(*) from pg_proc where proowner = r.oid)::int as functions,
        (select count(*) from pg_auth_members where member = r.oid)::int as memberships
      from pg_roles r where rolname = current_user`,
    );
    expect(rows).toEqual([{ tables: 0, functions: 0, memberships: 0 }]);
  });

  const tables = ["audit_logs", "audit_seals", "job_attempts"];
  test.each([
    ...tables.flatMap((table) => [
      `delete from ${table}`,
      `update ${table} set ${{ audit_logs: "action = 'x'", audit_seals: "mac = mac", job_attempts: "outcome = 'x'" }[table]}`,
      `truncate ${table}`,
      `drop table ${table}`,
      `alter table ${table} disable trigger all`,
      `drop trigger ${table}_append_only on ${table}`,
      `select * from ${table} for update`,
      `create trigger mine before insert on ${table} for each row execute function refuse_audit_change()`,
      `create rule mine as on select to ${table} do instead nothing`,
    ]),
    "set session_replication_role = replica",
    "update audit_unsealed set entry_ids = '{}'",
    "truncate audit_unsealed",
    "drop function audit_cleanup",
    "create or replace function audit_cleanup(cutoff timestamptz, most integer, out logs integer, out attempts integer) language sql as 'select 1, 1'",
    "create function public.sha256(bytea) returns bytea language sql as 'select $1'",
    "create table public.mine ()",
    "update schema_migrations set name = 'x'",
    "insert into audit_logs (id, action, entity_type) select id, 'x', 'y' from audit_logs on conflict (id) do update set action = 'x'",
  ])("is refused %s", async (statement) => {
    await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
    await client.query("set ltb.audit_cleanup = 'on'");
    await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
    await client.query("reset ltb.audit_cleanup");
  });

  test("has the privileges of a closed list on the audit trail, and can truncate no table", async () => {
    const { rows } = await client.query<{ granted: string }>(
      `select table_name || ' ' || string_agg(lower(privilege_type), ' ' order by privilege_type) as granted
      from information_schema.table_privileges
      where grantee = current_user and table_name in ('audit_logs', 'audit_seals', 'audit_unsealed', 'job_attempts', 'schema_migrations')
      group by table_name order by table_name`,
    );
    expect(rows.map(({ granted }) => granted)).toEqual([
      "audit_logs insert select",
      "audit_seals insert select",
      "audit_unsealed delete insert select",
      "job_attempts insert select",
      "schema_migrations select",
    ]);
    const truncatable = await client.query(
      "select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and has_table_privilege(oid, 'truncate')",
    );
    expect(truncatable.rowCount).toBe(0);
  });

  test("cannot put its own tables before those of the cleanup function", async () => {
    await addLogs(client, 1, { age: 1.5 * DAY });
    await trail.seal();
    await client.query("create temp table audit_logs (created_at timestamptz)");
    await client.query("insert into audit_logs values (now() - interval '9 days')");
    await client.query("set search_path = pg_temp, public");
    const { rows } = await client.query(
      "select logs from public.audit_cleanup(now() - interval '30 hours', 10)",
    );
    expect(rows).toEqual([{ logs: 1 }]);
    expect((await client.query("select from pg_temp.audit_logs")).rowCount).toBe(1);
    await client.query("drop table pg_temp.audit_logs; reset search_path");
    // It may call the function, but not leave the checkpoint that would excuse it.
    expect((await trail.verify()).broken?.reason).toMatch("is missing");
  });

  test("others may not call the cleanup function", async () => {
    const { rows } = await client.query(
      "select proacl::text as acl, prosecdef, proconfig from pg_proc where proname = 'audit_cleanup'",
    );
    expect(rows[0].acl).not.toMatch(/[{,]=/);
    expect(rows[0].proconfig).toEqual(["search_path=pg_catalog, public, pg_temp"]);
    expect(rows[0].prosecdef).toBe(true);
  });
});
