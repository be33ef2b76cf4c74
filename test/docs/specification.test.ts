import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import * as library from "../../src/index.ts";
import { services } from "../../src/services.ts";
import type { Database as Store } from "../../src/storage.ts";
import { testDatabase } from "../harness/database.ts";

const root = join(import.meta.dirname, "..", "..");
const text = readFileSync(join(root, "docs", "specification.md"), "utf8");

/** The rows of a section's tables, each as its cells. */
function rowsOf(heading: string): string[][] {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = found.split("\n").filter((line) => line.startsWith("|") && !line.startsWith("|---"));
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

// What the specification has, in its words. Its tables' columns are compared by test/database/schema.test.ts.
const items: Record<string, string[]> = {
  Tables: ["benchmarks", "evaluations", "jobs", "workers", "users", "audit_logs"],
  Indexes: [
    ...["idx_benchmarks_status", "idx_benchmarks_provider", "idx_benchmarks_created_at"],
    ...["idx_jobs_status_priority", "idx_jobs_created_at", "idx_workers_last_heartbeat"],
  ],
  Configuration: [
    ...["HOST", "PORT", "NAME", "USER", "PASSWORD", "POOL_SIZE", "SSL_MODE"].map(
      (name) => `DATABASE_${name}`,
    ),
    ...["DatabaseConfig::from_env()", "DatabaseConfig::builder()", "SslMode", "application_name"],
    ...["host", "port", "database", "username", "password", "pool_size", "connect_timeout", "idle_timeout"],
    ...["max_lifetime", "ssl_mode", "build"],
  ],
  Migrations: [
    ...["20240320000001_initial_schema.sql", "20240320000002_add_indexes.sql"],
    ...["20240320000003_add_audit_logs.sql", "sqlx migrate run", "sqlx migrate add NAME", "db.migrate()"],
  ],
  Repositories: [
    ...["create", "get", "update", "list_recent", "list_by_status"].map((name) => `benchmarks().${name}`),
    "evaluations().create",
    ...["create", "list_pending", "get_stats", "cleanup_old_jobs"].map((name) => `jobs().${name}`),
    ...["create", "update_heartbeat", "list_active", "remove_stale"].map((name) => `workers().${name}`),
    ...["create", "get_by_email", "create_api_key"].map((name) => `users().${name}`),
    ...["create", "list_by_user", "list_by_entity"].map((name) => `audit().${name}`),
    ...["Database::connect", "health_check", "stats"],
    ...["NewBenchmark", "UpdateBenchmark", "NewEvaluation", "NewJob", "NewWorker", "NewUser", "NewApiKey"],
    "NewAuditLog",
  ],
};

test.each(Object.entries(items))("%s: every item has its row", (heading, expected) => {
  const named = rowsOf(heading).flatMap(([item]) => codes(item));
  expect(named).toEqual(expect.arrayContaining(expected));
});

const { config, client } = await testDatabase();

test("every function of the library that it names is there", async () => {
  const db = await library.Database.connect(config);
  await db.close();
  const names = [...text.matchAll(/`(db\.[\w.]+)/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(25);
  for (const name of names) {
    const found = name
      .split(".")
      .slice(1)
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], db);
    expect(["function", "object"], name).toContain(typeof found);
  }
  const [, builder] = rowsOf("Configuration").find(([item]) => item?.includes("::builder()")) ?? [];
  for (const name of codes(builder).slice(1)) expect(library.DatabaseConfig.builder()).toHaveProperty(name);
  const models =
    readFileSync(join(root, "src", "index.ts"), "utf8") +
    readFileSync(join(root, "src", "library", "models.ts"), "utf8");
  for (const [item, model] of rowsOf("Repositories").filter(([item]) => /^`(New|Update)/.test(item ?? "")))
    for (const name of codes(model)) expect(models, item).toMatch(new RegExp(`\\b${name}\\b`));
});

test("every method of the wire that it names is there", () => {
  const known = services({} as Store, loadConfig({ env: {}, cwd: import.meta.dirname })).map(
    ({ service }) => service,
  );
  const named = [...text.matchAll(/\b(\w+Service)\/(\w+)/g)];
  expect(named.length).toBeGreaterThan(15);
  for (const [, service, method] of named) {
    const found = known.find(({ name }) => name === service);
    expect(
      found?.methods.map(({ name }) => name),
      service,
    ).toContain(method);
  }
});

test("every file, table and index that it names is there", async () => {
  for (const path of text.matchAll(/`((?:src|migrations|deploy|test)\/[\w./-]+)`/g))
    expect(existsSync(join(root, path[1] ?? "")), path[1]).toBe(true);
  const { rows } = await client.query<{ table: string; definition: string }>(
    `select tablename as table, indexname || ' on ' || tablename || ' (' ||
      array_to_string(regexp_matches(lower(indexdef), 'btree \\(([^)]+)\\)'), '') || ')' as definition
    from pg_indexes where schemaname = 'public'`,
  );
  for (const [item, on] of rowsOf("Indexes").filter(([item]) => item?.startsWith("`")))
    expect(rows.map(({ definition }) => definition)).toContain(`${codes(item)[0]} on ${on}`);
  for (const [item] of rowsOf("Tables"))
    for (const table of codes(item)) expect(rows.map((row) => row.table)).toContain(table);
});
