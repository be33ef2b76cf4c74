import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type QueryResult } from "pg";
import { type DatabaseConfig, databaseConfig } from "../../src/config.ts";
import { freePort, type OwnPostgres, runPgCtl, serverOptions } from "./postgres.ts";

/** A streaming replica of a test's own PostgreSQL. */
export interface Standby {
  url: string;
  config: DatabaseConfig;
  start(port?: number): Promise<void>;
  /** As if its power had gone. */
  crash(): Promise<void>;
  /** Makes it a primary. */
  promote(): Promise<void>;
  /** Has it receive everything and apply nothing, so that it falls behind. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
  /** Waits until it has applied everything up to here. */
  caughtUp(lsn: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * Copies the running `primary` and follows it, as `pg_basebackup -R` would, which the embedded PostgreSQL
 * does not bring.
 */
export async function startStandby(primary: OwnPostgres): Promise<Standby> {
  const { parts } = primary;
  const { connection, folders } = parts;
  const folder = `${folders.data}-standby`;
  await copy();
  let port = await freePort();
  await start();
  return {
    get url() {
      const { user, password } = connection;
      return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres?sslmode=disable`;
    },
    get config() {
      return databaseConfig({ ...connection, port, sslMode: "disable" });
    },
    start,
    crash: () => pgCtl("stop", "-w", "-m", "immediate"),
    promote: () => pgCtl("promote", "-w"),
    pauseReplay: async () => void (await query("select pg_wal_replay_pause()")),
    resumeReplay: async () => void (await query("select pg_wal_replay_resume()")),
    caughtUp: async (lsn) => {
      for (let tries = 0; tries < 1_000; tries++) {
        const { rows } = await query(`select from pg_last_wal_replay_lsn() at where at >= '${lsn}'`);
        if (rows.length > 0) return;
        await sleep(10);
      }
      throw new Error(`the standby has not reached ${lsn}`);
    },
    end: () => pgCtl("stop", "-w", "-m", "immediate").catch(() => undefined),
  };

  function pgCtl(...args: string[]): Promise<void> {
    return runPgCtl(parts, folder, ...args);
  }

  async function start(at = port): Promise<void> {
    port = at;
    await pgCtl("start", "-w", "-l", join(folders.base, "standby.log"), "-o", serverOptions(port));
  }

  async function query(text: string): Promise<QueryResult> {
    const client = new Client({ ...connection, port });
    await client.connect();
    return client.query(text).finally(() => client.end());
  }

  async function copy(): Promise<void> {
    const client = new Client(connection);
    await client.connect();
    try {
      const { rows } = await client.query("show server_version_num");
      // The functions were renamed in 15, and had an exclusive mode before.
      const isRenamed = Number(rows[0].server_version_num) >= 150_000;
      await client.query(
        isRenamed ? "select pg_backup_start('test', true)" : "select pg_start_backup('test', true, false)",
      );
      // Files that come and go meanwhile are mended by the log. Owners and modes are kept.
      spawnSync("cp", ["-a", folders.data, folder]);
      const stopped = await client.query(
        isRenamed ? "select * from pg_backup_stop(false)" : "select * from pg_stop_backup(false, false)",
      );
      await rm(join(folder, "postmaster.pid"), { force: true });
      await rm(join(folder, "postmaster.opts"), { force: true });
      await writeFile(join(folder, "backup_label"), stopped.rows[0].labelfile);
      const { host, user, password } = connection;
      const follows = `primary_conninfo = 'host=${host} port=${connection.port} user=${user} password=${password}'`;
      await writeFile(
        join(folder, "postgresql.auto.conf"),
        `${follows}\nwal_receiver_status_interval = 1s\n`,
      );
      await writeFile(join(folder, "standby.signal"), "");
      const { uid, gid } = parts.runner;
      if (uid !== undefined) spawnSync("chown", ["-R", `${uid}:${gid ?? uid}`, folder]);
    } finally {
      await client.end();
    }
  }
}
