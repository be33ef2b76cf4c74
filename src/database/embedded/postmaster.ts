import { execFile } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { readFile, readlink, realpath } from "node:fs/promises";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Log } from "../../log.ts";
import { openOwned } from "./folders.ts";
import { EmbeddedError, type Runner } from "./runner.ts";

/** The lines that PostgreSQL writes into `postmaster.pid` (src/include/utils/pidfile.h). */
interface PidFile {
  pid: number;
  port: number;
  socketFolder: string;
  ready: boolean;
}

export async function readPidFile(dataFolder: string): Promise<PidFile | undefined> {
  const text = await readFile(join(dataFolder, "postmaster.pid"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  return {
    pid: Number.parseInt(lines[0] ?? "", 10),
    port: Number.parseInt(lines[3] ?? "", 10),
    socketFolder: lines[4]?.trim() ?? "",
    ready: lines[7]?.trim() === "ready",
  };
}

/**
 * Leaves `dataFolder` without a running PostgreSQL: one that outlived its server is stopped in order, and a
 * stale pid file is made harmless. Only the holder of the folder's lock may call it.
 */
export async function recoverFolder(dataFolder: string, runner: Runner, logger?: Log): Promise<void> {
  const found = await readPidFile(dataFolder);
  if (found === undefined || !(found.pid > 0)) return;
  if (await isPostmaster(found.pid, dataFolder)) {
    logger?.warn(
      {},
      `PostgreSQL (pid ${found.pid}) of an earlier server still runs on ${dataFolder}: stopping it`,
    );
    await stopOrphan(found.pid, dataFolder);
    return;
  }
  if (await answers(found)) {
    throw new EmbeddedError(
      `A PostgreSQL that this process cannot see, in another container perhaps, runs on ${dataFolder}. ` +
        "Stop it first, or choose another folder with LTB_DATA_DIR.",
    );
  }
  logger?.info({}, `PostgreSQL was not stopped in order the last time: recovering ${dataFolder}`);
  if (isAlive(found.pid)) await disownPidFile(dataFolder, runner);
}

async function stopOrphan(pid: number, dataFolder: string): Promise<void> {
  process.kill(pid, "SIGINT");
  for (let waited = 0; await isPostmaster(pid, dataFolder); waited += 20) {
    if (waited === 30_000) process.kill(pid, "SIGQUIT");
    if (waited > 40_000) throw new EmbeddedError(`PostgreSQL (pid ${pid}) on ${dataFolder} does not stop.`);
    await sleep(20);
  }
}

/**
 * PostgreSQL does not start while the pid in its file is alive, even as another program's. The file has to
 * stay for the memory key by which leftover backends are noticed, so its pid becomes one that nobody has.
 */
async function disownPidFile(dataFolder: string, runner: Runner): Promise<void> {
  await using file = await openOwned(join(dataFolder, "postmaster.pid"), constants.O_RDWR, runner);
  const [, ...rest] = (await file.readFile("utf8")).split("\n");
  await file.truncate();
  await file.write(["2000000000", ...rest].join("\n"), 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** True if process `pid` is a PostgreSQL server on this folder, not a later process with its number. */
export async function isPostmaster(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === "linux") {
      const [program = ""] = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
      // A zombie has no command line. The working directory also follows a folder that was renamed.
      return (
        basename(program) === "postgres" &&
        (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataFolder))
      );
    }
    const [file, args] =
      process.platform === "win32"
        ? ["tasklist", ["/nh", "/fi", `PID eq ${pid}`]]
        : ["ps", ["-ww", "-o", "command=", "-p", String(pid)]];
    const { stdout } = await promisify(execFile)(file as string, args as string[]);
    return stdout.includes("postgres") && (process.platform === "win32" || stdout.includes(dataFolder));
  } catch {
    return false;
  }
}

async function answers({ socketFolder, port }: PidFile): Promise<boolean> {
  if (socketFolder === "") return false;
  const socket = connect(join(socketFolder, `.s.PGSQL.${port}`));
  const connected = once(socket, "connect").then(
    () => true,
    () => false,
  );
  return connected.finally(() => socket.destroy());
}
