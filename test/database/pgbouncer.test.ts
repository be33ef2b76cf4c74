import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import { migrateUp } from "../../src/database/migrate/migrate.ts";
import { Database } from "../../src/storage.ts";
import { sample } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { silentLog } from "../harness/log.ts";
import { administer, createTestDatabase } from "../harness/postgres.ts";
import { within } from "../harness/waiting.ts";
import { run } from "./support.ts";

const { status, stdout } = spawnSync("pgbouncer", ["--version"], { encoding: "utf8" });
const installed = status === 0;
const [, minor = 0] = /PgBouncer 1\.(\d+)/.exec(stdout ?? "")?.map(Number) ?? [];
/** pgbouncer before 1.21 gives one client the prepared statements of another. */
const keepsStatementsApart = minor >= 21;

// Debian's package; nothing of npm brings it.
describe.skipIf(!installed)(
  "through pgbouncer in transaction mode (skipped where pgbouncer is not installed)",
  () => {
    const folder = temporaryFolder();
    let bouncer: ChildProcess;
    const servers: Database[] = [];
    let pooled: Connection;

    beforeAll(async () => {
      const { host, port: serverPort, user, password, database } = await createTestDatabase();
      const port = await freePort();
      await chmod(folder, 0o755);
      const target = `host=${host} port=${serverPort} user=${user} password=${password?.reveal()}`;
      const settings = [
        "[databases]",
        `${database} = ${target} dbname=${database}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "default_pool_size = 4",
      ];
      const file = join(folder, "pgbouncer.ini");
      await writeFile(file, `${settings.join("\n")}\n`);
      const asUser = process.getuid?.() === 0 ? ["-u", "postgres"] : [];
      bouncer = spawn("pgbouncer", ["-q", ...asUser, file], { stdio: "ignore" });
      const config = {
        host: "127.0.0.1",
        port,
        user,
        database,
        password: "",
        sslMode: "disable",
        poolSize: 10,
      };
      pooled = { host: "127.0.0.1", port, user, database, password: "" };
      for (let i = 0; i < 2; i++) servers.push(await Database.connect(config, { preparedStatements: false }));
    });

    afterAll(async () => {
      await Promise.all(servers.map((server) => server.close()));
      bouncer.kill("SIGINT");
    });

    test("jobs created on one server reach a claim that waits on another within a second and a half", async () => {
      const [one, other] = servers as [Database, Database];
      await one.workers.register({ workerId: "w", address: "", capacity: 10 });
      const claim = other.jobs.claim({ workerId: "w", waitMs: 10_000 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      const job = await one.jobs.create({ jobType: "t" });
      const { leases } = await within(1_500, claim, () => one.healthCheck());
      expect(leases.map(({ id }) => id)).toEqual([job.id]);
      expect(await one.jobs.complete("w", [{ jobId: job.id, epoch: 1 }])).toEqual([{ outcome: "ok" }]);
    });

    test("transactions and concurrent batches work", async () => {
      const [one, other] = servers as [Database, Database];
      const { id } = await one.benchmarks.create(sample);
      const rows = Array.from({ length: 200 }, (_, i) => ({
        benchmarkId: id,
        sampleId: `${i}`,
        input: "i",
        output: "o",
      }));
      await Promise.all([one, other].map((server) => server.evaluations.createMany(rows)));
      await one.transaction((tx) => tx.benchmarks.update(id, { status: "completed" }));
      expect(await other.benchmarks.get(id)).toMatchObject({ completedIterations: 200, status: "completed" });
    });

    test("a start is refused, with what cures it, where sessions have settings that change figures", async () => {
      const { database, user } = pooled;
      const set = (name: string, value: string) =>
        administer((client) => client.query(`alter database ${database} set ${name} = '${value}'`));
      const reset = async () => {
        await administer((client) => client.query(`alter database ${database} reset all`));
        await renew();
      };
      // The pooler's connections of before have the settings of before.
      const renew = () =>
        administer((client) =>
          client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
            database,
          ]),
        );
      onTestFinished(reset);
      await set("TimeZone", "Asia/Kolkata");
      await set("statement_timeout", "60s");
      await renew();
      await (
        await Database.connect({ ...pooled, sslMode: "disable" }, { preparedStatements: false })
      ).close();
      await set("extra_float_digits", "-15");
      await renew();
      await expect(
        Database.connect({ ...pooled, sslMode: "disable" }, { preparedStatements: false }),
      ).rejects.toThrow(`ALTER ROLE "${user}" IN DATABASE "${database}" SET extra_float_digits = '1';`);
      // PostgreSQL has it since 17.
      const known = "select 1 from pg_settings where name = 'transaction_timeout'";
      const { rows } = await administer((client) => client.query(known));
      if (rows.length === 0) return;
      await set("transaction_timeout", "1");
      await renew();
      await expect(
        Database.connect({ ...pooled, sslMode: "disable" }, { preparedStatements: false }),
      ).rejects.toThrow(`ALTER ROLE "${user}" IN DATABASE "${database}" SET transaction_timeout = '0';`);
    });

    test.skipIf(keepsStatementsApart)("an old one is refused, with the settings that it needs", async () => {
      await expect(Database.connect({ ...pooled, sslMode: "disable" })).rejects.toThrow(
        /DATABASE_PREPARED_STATEMENTS=off and DATABASE_LISTEN=off/,
      );
    });

    test("migrations tell that they want a way around it, and leave neither lock nor settings in its sessions", async () => {
      const lines: string[] = [];
      const logger = {
        ...silentLog,
        info: (_: object, line: string) => void lines.push(line),
        warn: (_: object, line: string) => void lines.push(line),
      };
      for (let n = 0; n < 3; n++) {
        // Each time its lock was free.
        expect(await migrateUp(pooled, { logger, lockTimeoutMs: 2_000 })).toEqual({ applied: [] });
      }
      expect(lines).toEqual(Array(3).fill(expect.stringMatching(/through a pooler.*DATABASE_MIGRATION_URL/)));
      const [one] = servers as [Database];
      expect(
        await run(
          one.executor,
          "select count(*)::int as locks from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
        ),
      ).toEqual([{ locks: 0 }]);
    });
  },
);

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
