import { readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Client } from "pg";
import { afterEach, expect, inject, test, vi } from "vitest";
import { migrationsKnown } from "../database/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { finished, ltb, runHere, start } from "./support.ts";

const names = await migrationsKnown();
afterEach(() => {
  vi.unstubAllEnvs();
});

/** `ltb migrate …` in this process, which takes a tenth of the time. */
function migrate(args: string[], settings: Record<string, string>) {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  return runHere(["migrate", ...args]);
}

/** A migrated database: the environment that names it, and a way to interfere. */
async function database(options?: { template: boolean }) {
  const { host, port, user, password, database } = await createTestDatabase(options);
  const settings: Record<string, string> = {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user,
    DATABASE_PASSWORD: password?.reveal() ?? "",
    DATABASE_NAME: database,
  };
  const query = async (text: string) => {
    const client = new Client({ ...inject("postgres"), database });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  return { settings, query };
}

test("up, status, verify and down tell what they did", async () => {
  const { settings, query } = await database({ template: false });
  expect(JSON.parse((await migrate(["up", "--json"], settings)).stdout)).toEqual({ applied: names });
  expect(await migrate(["verify"], settings)).toEqual({
    code: 0,
    stdout: "The schema is as its migrations made it.\n",
    stderr: "",
  });

  await query("insert into login_attempts (key) values (decode(md5('x'), 'hex'))");
  const refused = await migrate(["down", "--to", "0", "--json"], settings);
  expect([refused.code, JSON.parse(refused.stderr).error]).toEqual([
    1,
    expect.objectContaining({
      code: "FAILED_PRECONDITION",
      reason: "MIGRATION_ERROR",
      message: expect.stringMatching(/would drop what is in table login_attempts.*--yes/),
    }),
  ]);
  const undone = await migrate(["down", "--to", "20240320000001", "--yes"], settings);
  expect(undone).toMatchObject({ code: 0, stdout: `Undid ${names.slice(1).reverse().join(", ")}.\n` });
  const { migrations } = JSON.parse((await migrate(["status", "--json"], settings)).stdout);
  expect(migrations.slice(0, 2)).toEqual([
    { name: names[0], applied_at: expect.stringMatching(/Z$/), known: true, changed: false },
    { name: names[1], applied_at: null, known: true, changed: false },
  ]);
});

test("differences are told with both definitions", async () => {
  const { settings, query } = await database();
  await query("alter table jobs alter column priority drop not null; create index mine on jobs (started_at)");
  const { code, stdout, stderr } = await migrate(["verify"], settings);
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: expect.stringMatching(
      /^column jobs\.priority: different\n {2}expected: integer not null default 0.*\n {2}found: {4}integer default 0.*\n1 differences\.\n$/,
    ),
    stderr: "not of any migration: index mine\n",
  });
  const json = JSON.parse((await migrate(["verify", "--json"], settings)).stdout);
  expect(json).toMatchObject({
    ok: false,
    complete: true,
    faults: [{ kind: "different" }],
    additional: ["index mine"],
  });
});

test("serve refuses a newer and a broken schema, and so do commands that write to the database", async () => {
  const { settings, query } = await database();
  await query("insert into schema_migrations values ('29990101000000_future', now(), '', '{}')");
  const newer = await ltb(["serve"], settings);
  expect(newer.code).toBe(1);
  expect(newer.stderr).toContain(
    `the database is newer than this program: it is at 29990101000000_future, this program knows migrations up to ${names.at(-1)}`,
  );
  const direct = await ltb(["key", "create", "--user", "root", "--database"], settings);
  expect(direct).toMatchObject({ code: 1, stderr: expect.stringContaining("29990101000000_future") });

  await query("delete from schema_migrations where name = '29990101000000_future'; drop table job_ready");
  const broken = await ltb(["serve"], settings);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain(
    `the schema of the database is broken: at ${names.at(-1)} it should have table job_ready`,
  );
});

test("a database of before 0.1.0 is told from one of a later release", async () => {
  const { settings, query } = await database();
  await query("insert into schema_migrations values ('29990101000000_future', now(), '', '{}')");
  expect((await migrate(["status"], settings)).stdout).toMatch(
    /29990101000000_future .* by a later release\n/,
  );
  await query(`update schema_migrations set checksum = '' where name = '${names[0]}'`);
  expect(await migrate(["status"], settings)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/29990101000000_future .* by a pre-release\n/),
    stderr: expect.stringContaining("pre-release layout"),
  });
  expect(await migrate(["verify"], settings)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("make a new database"),
  });
});

test("add writes where its caller stands", async () => {
  const folder = temporaryFolder();
  const added = await finished(start(["migrate", "add", "prompt_versions"], {}, folder));
  const [up = "", down = ""] = added.stdout.split("\n");
  expect([added.code, dirname(up), down]).toEqual([
    0,
    join(await realpath(folder), "migrations"),
    join(dirname(up), "down", basename(up)),
  ]);
  expect(await readFile(down, "utf8")).toBe("begin;\n\ncommit;\n");
  expect(added.stderr).toContain("the service applies only the migrations that come with it");
});

test("migrations go the way of DATABASE_MIGRATION_URL", async () => {
  const { settings } = await database({ template: false });
  const {
    DATABASE_HOST = "",
    DATABASE_PORT,
    DATABASE_USER,
    DATABASE_PASSWORD = "",
    DATABASE_NAME,
  } = settings;
  const who = `${DATABASE_USER}:${encodeURIComponent(DATABASE_PASSWORD)}`;
  const way = `postgres://${who}@/${DATABASE_NAME}?host=${encodeURIComponent(DATABASE_HOST)}&port=${DATABASE_PORT}&application_name=the-migration`;
  // A port where nothing listens: only migrations get through.
  const around = { ...settings, DATABASE_HOST: "127.0.0.1", DATABASE_PORT: "1", DATABASE_MIGRATION_URL: way };
  expect(await migrate(["up"], around)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Applied"),
  });
  expect(await migrate(["verify"], around)).toMatchObject({ code: 0 });
});
