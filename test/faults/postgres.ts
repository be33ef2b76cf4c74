import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { type DatabaseConfig, databaseConfig } from "../../src/config.ts";
import type { Binaries } from "../../src/database/embedded/binaries.ts";
import { type Folders, prepareFolders } from "../../src/database/embedded/folders.ts";
import { SUPERUSER } from "../../src/database/embedded/initialise.ts";
import { readPidFile, recoverFolder } from "../../src/database/embedded/postmaster.ts";
import { type Runner, spawnAs } from "../../src/database/embedded/runner.ts";
import { migrateUp } from "../../src/database/migrate/migrate.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { initialiseTest, testBinaries } from "../harness/server.ts";

/** A migrated PostgreSQL of the test's own, for it to be ended in every way. */
export interface OwnPostgres {
  url: string;
  config: DatabaseConfig;
  /** Connections beside those of the service. */
  pool: Pool;
  /** As if its power had gone: no checkpoint, nobody is told. Resolves once it accepts connections again. */
  restart(): Promise<void>;
  /** The same, until `start`. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /**
   * SIGKILL of its first process, which its backends notice by themselves. Resolves once it was started
   * again.
   */
  kill(): Promise<void>;
  /**
   * SIGKILL of one backend, whereupon PostgreSQL ends all of them and recovers. Resolves once it accepts
   * connections again.
   */
  killBackend(): Promise<void>;
  end(): Promise<void>;
  /** What it is made of. */
  parts: PostgresParts;
}

export interface PostgresParts {
  binaries: Binaries;
  runner: Runner;
  folders: Folders;
  connection: { host: string; port: number; user: string; password: string; database: string };
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const binaries = await testBinaries();
  const { folders, runner } = await prepareFolders(temporaryFolder(), binaries);
  const password = await initialiseTest(folders, binaries, runner);
  const port = await freePort();

  const pgCtl = (...args: string[]) => runPgCtl({ binaries, runner }, folders.data, ...args);
  const start = () => pgCtl("start", "-w", "-l", folders.logFile, "-o", serverOptions(port));
  await start();
  const connection = { host: "127.0.0.1", port, user: SUPERUSER, password, database: "postgres" };
  await migrateUp(connection);
  const pool = new Pool({ ...connection, max: 4 });
  pool.on("error", () => undefined);

  async function kill(): Promise<void> {
    const found = await readPidFile(folders.data);
    if (!found) throw new Error("PostgreSQL does not run");
    process.kill(found.pid, "SIGKILL");
    // PostgreSQL does not start beside backends of before, which may still be ending.
    for (let tries = 1; ; tries++) {
      await recoverFolder(folders.data, runner);
      try {
        return await start();
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(20);
      }
    }
  }

  async function killBackend(): Promise<void> {
    const witness = await pool.connect();
    witness.on("error", () => undefined);
    const ended = new Promise((resolve) => witness.once("end", resolve));
    const { rows } = await witness.query("select pg_backend_pid() as pid");
    process.kill(rows[0].pid, "SIGKILL");
    await ended;
    witness.release(true);
    while (!(await pool.query("select 1").catch(() => undefined))) await sleep(5);
  }

  return {
    url: `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres?sslmode=disable`,
    config: databaseConfig({ ...connection, sslMode: "disable" }),
    pool,
    start,
    crash: () => pgCtl("stop", "-w", "-m", "immediate"),
    restart: () => pgCtl("restart", "-w", "-m", "immediate", "-l", folders.logFile),
    kill,
    killBackend,
    parts: { binaries, runner, folders, connection },
    end: async () => {
      await pool.end();
      await pgCtl("stop", "-w", "-m", "immediate").catch(() => undefined);
    },
  };
}

/** The command line of a server on this port. */
export function serverOptions(port: number): string {
  // What was committed has to outlast PostgreSQL's own end, not the machine's: fsync may be off,
  // synchronous_commit not.
  return `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=on`;
}

export async function runPgCtl(
  { binaries, runner }: Pick<PostgresParts, "binaries" | "runner">,
  folder: string,
  ...args: string[]
): Promise<void> {
  const child = spawnAs(runner, binaries.pgCtl, ["-D", folder, ...args], { cwd: "/", stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`pg_ctl ${args[0]} failed with ${code}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
