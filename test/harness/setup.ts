import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import type { Connection } from "../../src/database/connection/connect.ts";
import { lockFolder } from "../../src/database/embedded/lock.ts";
import { recoverFolder } from "../../src/database/embedded/postmaster.ts";
import { migrateUp } from "../../src/database/migrate/migrate.ts";
import { startTestPostgres, testBinaries } from "./server.ts";

const PREFIX = "ltb-test-";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder of the run's own, which holds those of its files. */
    folder: string;
    postgres: Connection;
    /** The migrated database that those of the tests are cloned from. */
    template: string;
    /**
     * How they are cloned: by copying files, which takes an eighth of the default's time from PostgreSQL 15
     * on.
     */
    cloning: string;
  }
}

/**
 * One PostgreSQL for the whole run, with a migrated template that each test file's database is cloned from;
 * and the console, which npm ci has built, and which is built here if it was edited since.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, ["scripts/build-console.ts"]);
  await sweep();
  const dataDir = await mkdtemp(join(tmpdir(), PREFIX));
  // Root runs PostgreSQL as another user, who has to pass it.
  await chmod(dataDir, 0o711);
  project.provide("folder", dataDir);
  const removeFolder = () => rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  try {
    const server = await startTestPostgres({
      dataDir,
      // Nothing here outlives the run, so nothing has to survive a power cut.
      settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "400" },
    });
    try {
      await createTemplate({ ...server.connection, database: "ltb_template" });
    } catch (error) {
      await server.stop();
      throw error;
    }
    project.provide("postgres", server.connection);
    project.provide("template", "ltb_template");
    const { major } = await testBinaries();
    project.provide("cloning", Number(major) >= 15 ? "STRATEGY file_copy" : "");
    return async () => {
      await server.stop();
      await removeFolder();
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function createTemplate(connection: Connection): Promise<void> {
  const client = new Client({ ...connection, database: "postgres" });
  await client.connect();
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(connection.database)}`);
  await client.end();
  await migrateUp(connection);
}

/** Stops and removes what runs that were killed left behind; runs under way hold their lock. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dataDir = join(tmpdir(), name);
    const base = join(dataDir, "postgres");
    try {
      // A run that is just starting may not have its lock yet.
      if (Date.now() - (await stat(dataDir)).mtimeMs < 60_000) continue;
      const runner = { prefix: [] };
      const unlock = await lockFolder(base, runner);
      for (const data of globSync([join(base, "data"), join(dataDir, "*/postgres/data")]))
        await recoverFolder(data, runner);
      unlock();
      await rm(dataDir, { recursive: true, force: true });
    } catch {
      // Another's.
    }
  }
}
