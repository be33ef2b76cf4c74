import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../log.ts";
import { type Folders, type Installation, openOwned, socketFolder } from "./folders.ts";
import { readPidFile } from "./postmaster.ts";
import { EmbeddedError, spawnAs } from "./runner.ts";

const LOG_BYTES = 16 * 1024 * 1024;

/** A PostgreSQL that accepts connections. */
export interface RunningServer {
  /** The socket's folder, or 127.0.0.1 on Windows. */
  host: string;
  port: number;
  /** Resolves with the way it ended ("exit code 1", "signal SIGKILL"), whoever ended it. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

export interface LaunchOptions {
  settings: Record<string, string>;
  logger?: Log | undefined;
  signal?: AbortSignal | undefined;
}

export async function launch(installation: Installation, options: LaunchOptions): Promise<RunningServer> {
  const { folders, binaries, runner } = installation;
  const windows = process.platform === "win32";
  const host = windows ? "127.0.0.1" : await socketFolder(folders.base, runner);
  // On a socket the port is only part of its name.
  const port = windows ? await freePort() : 5432;
  if (!windows) {
    // We hold the folder's lock and nothing runs on it, so these files are left over.
    for (const suffix of ["", ".lock"]) await rm(join(host, `.s.PGSQL.${port}${suffix}`), { force: true });
  }
  const settings: Record<string, string> = {
    ...options.settings,
    listen_addresses: windows ? host : "",
    unix_socket_directories: windows ? "" : `"${host.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    // PostgreSQL logs to the file that we give it, whatever postgresql.conf says.
    logging_collector: "off",
    log_destination: "stderr",
  };
  const args = ["-D", folders.data, "-p", String(port)];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);

  const logStart = await rotateLog(folders.logFile);
  const log = await openOwned(folders.logFile, constants.O_WRONLY | constants.O_APPEND, runner);
  // PostgreSQL has its own session, out of reach of Ctrl-C and hang-ups: we stop it after its clients.
  const child = spawnAs(runner, binaries.postgres, args, {
    cwd: folders.base,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  await log.close();
  // Anything else that ends this process (an uncaught error, process.exit) also stops PostgreSQL in order.
  const onProcessExit = () => child.kill("SIGINT");
  process.once("exit", onProcessExit);
  void exited.then(() => process.removeListener("exit", onProcessExit));

  const stop = () => stopChild(child, exited, installation);
  try {
    await untilReady(child, exited, folders, options);
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await stop();
    if (!(error instanceof EmbeddedError)) throw error;
    const lines = await lastLines(folders.logFile, logStart);
    throw new EmbeddedError(`${error.message}. The end of its log, ${folders.logFile}:\n${lines}`);
  }
  return { host, port, exited, stop };
}

async function untilReady(
  child: ChildProcess,
  exited: Promise<string>,
  { data }: Folders,
  { logger, signal }: LaunchOptions,
): Promise<void> {
  let end: string | undefined;
  void exited.then((how) => {
    end = how;
  });
  // There is no time limit: recovery after a crash may take long, and ending it would start it over.
  for (let waited = 0; ; waited += 10) {
    signal?.throwIfAborted();
    if (end !== undefined) throw new EmbeddedError(`PostgreSQL did not start on ${data} (${end})`);
    const file = await readPidFile(data);
    if (file?.ready === true && file.pid === child.pid) return;
    if (waited > 0 && waited % 10_000 === 0) logger?.info({}, "PostgreSQL is still recovering its data");
    await sleep(10);
  }
}

/** Stops PostgreSQL by a "fast" shutdown: clients are disconnected, a checkpoint is written. */
async function stopChild(
  child: ChildProcess,
  exited: Promise<string>,
  { binaries, folders }: Installation,
): Promise<void> {
  if (process.platform === "win32") {
    // Windows has no such signal, so pg_ctl asks PostgreSQL through its own pipe.
    execFile(binaries.pgCtl, ["stop", "-D", folders.data, "-m", "fast", "-W"], () => undefined);
  } else {
    child.kill("SIGINT");
  }
  const late = new AbortController();
  await Promise.race([exited, sleep(60_000, "late", { signal: late.signal })]).then((how) => {
    // SIGQUIT ends PostgreSQL at once; the next start recovers from the log.
    if (how === "late") child.kill(process.platform === "win32" ? "SIGKILL" : "SIGQUIT");
  });
  late.abort();
  await exited;
}

/** Keeps one earlier log if the present one is large. Returns where the next start's lines begin. */
async function rotateLog(path: string): Promise<number> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size < LOG_BYTES) return size;
  await rename(path, `${path}.1`);
  return 0;
}

async function lastLines(path: string, from: number): Promise<string> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const start = Math.max(from, size - 4096);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, start);
  return buffer.toString("utf8", 0, bytesRead).trimEnd().split("\n").slice(-10).join("\n");
}

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
