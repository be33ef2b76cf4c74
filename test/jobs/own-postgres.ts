import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DatabaseConfig, databaseConfig } from "../../src/config.ts";
import { isPostmaster, readPidFile } from "../../src/database/embedded/postmaster.ts";
import { type Embedded, startEmbedded } from "../../src/database/embedded.ts";
import { migrateUp } from "../../src/database/migrate.ts";

/** A migrated PostgreSQL of a test's own, which can be killed and started again. */
export async function startOwnPostgres() {
  const dataDir = await mkdtemp(join(tmpdir(), "ltb-own-"));
  await chmod(dataDir, 0o711);
  const data = join(dataDir, "postgres", "data");
  const launch = () => startEmbedded({ dataDir, settings: { fsync: "on", synchronous_commit: "on" } });
  let embedded: Embedded = await launch();
  await migrateUp(embedded.connection);
  return {
    config: databaseConfig({ ...embedded.connection, sslMode: "disable" }) as DatabaseConfig,
    /** As `pg_ctl stop -m immediate`: nothing is written down, and the next start recovers. */
    async kill(): Promise<void> {
      const found = await readPidFile(data);
      if (!found) throw new Error("PostgreSQL does not run");
      process.kill(found.pid, "SIGQUIT");
      while (await isPostmaster(found.pid, data)) await sleep(10);
      await embedded.stop();
    },
    async start(): Promise<void> {
      embedded = await launch();
    },
    async remove(): Promise<void> {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
