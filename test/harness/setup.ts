import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, mkdtemp, readdir, realpath, rm, stat, statfs, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { type Connection, withClient } from "../../src/database/connection/connect.ts";
import { lockFolder } from "../../src/database/embedded/lock.ts";
import { recoverFolder } from "../../src/database/embedded/postmaster.ts";
import { migrateUp } from "../../src/database/migrate/migrate.ts";
import { startTestPostgres, testBinaries } from "./server.ts";

const PREFIX = "ltb-test-";
/**
 * Linux keeps what is in this folder in memory, where a clone of the template takes a fifth of the processor
 * time. It may refuse to run programs, so the folders of the files are not here.
 */
const inMemory = "/dev/shm";
/** Where less is free, PostgreSQL's folder is on the disk; that of a long run was seen to take 1 GB. */
const roomBytes = 4 * 1024 ** 3;

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
  const folder = await makeFolder(tmpdir());
  project.provide("folder", folder);
  const dataDir = await chooseDataFolder(folder);
  const removeFolders = async () => {
    for (const made of [dataDir, folder]) await rm(made, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const server = await startTestPostgres({
      dataDir,
      // Nothing here outlives the run, so nothing has to survive a power cut.
      settings: {
        fsync: "off",
        synchronous_commit: "off",
        full_page_writes: "off",
        max_connections: "400",
        // The log is in memory, too.
        max_wal_size: "512MB",
      },
    });
    const { major } = await testBinaries();
    try {
      if (Number(major) >= 16) await cheapenPassword(server.connection);
      await createTemplate({ ...server.connection, database: "ltb_template" });
    } catch (error) {
      await server.stop();
      throw error;
    }
    project.provide("postgres", server.connection);
    project.provide("template", "ltb_template");
    project.provide("cloning", Number(major) >= 15 ? "STRATEGY file_copy" : "");
    return async () => {
      await server.stop();
      await removeFolders();
    };
  } catch (error) {
    await removeFolders();
    throw error;
  }
}

/** A folder in memory, to which a link in the run's own leads whoever sweeps, or else the run's own. */
async function chooseDataFolder(folder: string): Promise<string> {
  const found = await statfs(inMemory).catch(() => undefined);
  const free = found === undefined ? 0 : Math.min(found.bavail * found.bsize, process.availableMemory());
  if (free < roomBytes) return folder;
  const dataDir = await makeFolder(inMemory);
  await symlink(join(dataDir, "postgres"), join(folder, "postgres"));
  return dataDir;
}

async function makeFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, PREFIX));
  // Root runs PostgreSQL as another user, who has to pass it.
  await chmod(folder, 0o711);
  return folder;
}

/**
 * Both ends hash a password 4,096 times for each connection, which is a third of what one costs. The password
 * is drawn at random, so once is enough.
 */
async function cheapenPassword(connection: Connection): Promise<void> {
  await withClient({ ...connection, database: "postgres" }, async (client) => {
    await client.query("SET scram_iterations = 1");
    const password = client.escapeLiteral(connection.password);
    await client.query(`ALTER ROLE ${client.escapeIdentifier(connection.user)} PASSWORD ${password}`);
  });
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
    const folder = join(tmpdir(), name);
    const base = join(folder, "postgres");
    try {
      // A run that is just starting may not have its lock yet.
      if (Date.now() - (await stat(folder)).mtimeMs < 60_000) continue;
      // A run that was killed before it had one, or whose memory is gone, has no folder of PostgreSQL.
      const data = await realpath(base).catch(() => undefined);
      if (data !== undefined) {
        const runner = { prefix: [] };
        const unlock = await lockFolder(base, runner);
        for (const found of globSync([join(base, "data"), join(folder, "*/postgres/data")]))
          await recoverFolder(found, runner);
        unlock();
        await rm(dirname(data), { recursive: true, force: true });
      }
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Another's.
    }
  }
}
