import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { backUp } from "../../src/backup/backup.ts";
import { binariesIn } from "../../src/database/embedded/binaries.ts";
import { prepareFolders } from "../../src/database/embedded/folders.ts";
import { type Embedded, startEmbedded } from "../../src/database/embedded/start-embedded.ts";
import { migrateUp, verifyMigrations } from "../../src/database/migrate/migrate.ts";
import { Database } from "../../src/storage.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { initialiseTest, testBinaries } from "../harness/server.ts";

const shell = promisify(execFile);

// pg_dump refuses a server newer than itself, so its own is started. Nothing of npm brings it: Debian's
// folders, or the one of TEST_POSTGRES_BIN.
const folders = [
  process.env.TEST_POSTGRES_BIN ?? "",
  ...globSync("/usr/lib/postgresql/*/bin").sort().reverse(),
];
const programs = folders.find((folder) =>
  ["postgres", "initdb", "pg_ctl", "pg_dump", "pg_restore", "psql"].every((name) =>
    existsSync(join(folder, name)),
  ),
);

describe.skipIf(programs === undefined)(
  "pg_dump and pg_restore (skipped where they are not installed beside a PostgreSQL of their own)",
  () => {
    let dataDir: string;
    let postgres: Embedded;
    let original: Record<string, unknown>;
    beforeAll(async () => {
      dataDir = temporaryFolder();
      const binaries = await binariesIn(programs ?? "");
      const prepared = await prepareFolders(dataDir, binaries);
      await initialiseTest(prepared.folders, binaries, prepared.runner);
      postgres = await startEmbedded({ dataDir, binaries, settings: { fsync: "off" } });
      await migrateUp(postgres.connection);
      const db = await Database.connect({ ...postgres.connection, sslMode: "disable" });
      const { id } = await db.benchmarks.create({
        name: "\\ ünïcode 💾",
        provider: "p",
        model: "m",
        dataset: "d",
      });
      await db.evaluations.createMany(
        Array.from({ length: 500 }, (_, i) => ({
          benchmarkId: id,
          sampleId: `${i}`,
          input: "\t\\N\n",
          output: "o",
          score: i / 3,
        })),
      );
      await db.jobs.createMany(Array.from({ length: 50 }, (_, i) => ({ jobType: "t", payload: { i } })));
      await db.workers.register({ workerId: "w", address: "", capacity: 10 });
      const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 10 });
      await db.jobs.complete(
        "w",
        leases.map((lease) => ({ jobId: lease.id, epoch: lease.epoch })),
      );
      await db.maintain();
      await db.close();
      original = await tablesOf("llm_test_bench");
    });
    afterAll(() => postgres.stop());

    const way = () => {
      const { host, port, user, password } = postgres.connection;
      return { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    };
    /** A line of the shell, as an operator types it, in a folder of its own. */
    const line = (text: string) =>
      shell("/bin/sh", ["-ec", text], {
        cwd: dataDir,
        env: { ...way(), PATH: `${programs}:${process.env.PATH}` },
      });

    /** Rows, bytes and SHA-256 of every table. */
    async function tablesOf(database: string): Promise<Record<string, unknown>> {
      const { manifest } = await backUp(
        { ...postgres.connection, database },
        join(dataDir, `${database}-${performance.now()}.tar`),
      );
      return manifest.tables;
    }

    test.each([
      ["the custom format", "pg_dump -Fc llm_test_bench > backup.dump", "pg_restore -d NEW backup.dump"],
      ["plain SQL", "pg_dump llm_test_bench > backup.sql", "psql -q -v ON_ERROR_STOP=1 NEW < backup.sql"],
      [
        "plain SQL, compressed",
        "pg_dump llm_test_bench | gzip > backup.sql.gz",
        "gunzip -c backup.sql.gz | psql -q -v ON_ERROR_STOP=1 NEW",
      ],
    ])("%s gives back every table as it was, and the service runs on it", async (what, dump, load) => {
      const name = `copy_${what.toLowerCase().replaceAll(/\W+/g, "_")}`;
      await line(dump);
      await line(`psql -q -c 'create database ${name}' postgres`);
      await line(load.replace("NEW", name));
      expect(await tablesOf(name)).toEqual(original);

      const connection = { ...postgres.connection, database: name };
      expect(await migrateUp(connection)).toEqual({ applied: [] });
      expect(await verifyMigrations(connection)).toEqual({ faults: [], additional: [], isComplete: true });
      const db = await Database.connect({ ...connection, sslMode: "disable" });
      await db.jobs.create({ jobType: "t" });
      expect(await db.jobs.getStats()).toMatchObject({ pending: 41, completed: 10, total: 51 });
      await db.close();
    });

    test("a later PostgreSQL takes the dump, and finds no difference from what it would have made", async ({
      skip,
    }) => {
      const { major } = await testBinaries();
      skip(Number(major) <= Number(postgres.version.split(".")[0]), "the tests run on none that is later");
      const { host, port, user, password } = inject("postgres");
      const { database } = await createTestDatabase({ template: false });
      await line("pg_dump llm_test_bench > later.sql");
      const way = `PGHOST='${host}' PGPORT=${port} PGUSER=${user} PGPASSWORD='${password}'`;
      await line(`${way} psql -q -v ON_ERROR_STOP=1 ${database} < later.sql`);
      const whole = { faults: [], additional: [], isComplete: true };
      expect(await verifyMigrations({ ...inject("postgres"), database })).toEqual(whole);
    });

    test("a table can be read from our own backup by tar", async () => {
      await backUp(postgres.connection, join(dataDir, "whole.tar"));
      const { stdout } = await line("tar -xOf whole.tar --wildcards 'tables/benchmarks/*' | zcat");
      expect(stdout).toContain("ünïcode 💾");
    });
  },
);
