import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { Log } from "../../log.ts";
import { messageOf } from "../../thrown.ts";

const run = promisify(execFile);

/** The embedded database cannot be started. The message is for the person at the terminal and says why. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
}

/** Another process serves the folder. */
export class FolderInUse extends EmbeddedError {
  /** Its process id, as far as that is known. */
  readonly pid: string;

  constructor(folder: string, pid: string, cause: unknown) {
    const which = pid === "" ? "" : ` (pid ${pid})`;
    super(
      `Another server${which} already serves the data folder ${folder}. ` +
        "Stop it first, or give this one a folder of its own with LTB_DATA_DIR.",
      { cause },
    );
    this.pid = pid;
  }
}

/** The user that PostgreSQL runs as. PostgreSQL refuses root, so root needs another user for it. */
export interface Runner {
  /** Undefined: our own user. */
  uid?: number;
  gid?: number;
  /** A command that runs the program's own command, and switches the user itself. */
  prefix: string[];
}

export function spawnAs(
  runner: Runner,
  program: string,
  args: string[],
  options: SpawnOptions,
): ChildProcess {
  const [file = program, ...rest] = [...runner.prefix, program, ...args];
  const user =
    runner.uid === undefined || runner.prefix.length > 0 ? {} : { uid: runner.uid, gid: runner.gid };
  return spawn(file, rest, { ...options, ...user, env: environment(), windowsHide: true } as SpawnOptions);
}

/** Our environment without our secrets and libpq's variables, which would change what the programs do. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|DATABASE_|LTB_|LC_|LANG)/i.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}

/** Decides which user PostgreSQL runs as: the owner of the first candidate that exists and is not root's. */
export async function chooseRunner(candidates: string[], logger?: Log): Promise<Runner> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  for (const folder of candidates) {
    const owner = await stat(folder).catch(() => undefined);
    if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, prefix: [] };
  }
  const existing = await lookUp("postgres");
  if (existing !== undefined) return existing;
  logger?.info({}, "PostgreSQL does not run as root: creating the system user postgres for it");
  try {
    const options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
    await run("useradd", [...options, "postgres"]);
    const created = await lookUp("postgres");
    if (created !== undefined) return created;
    throw new Error("the user is still unknown");
  } catch (cause) {
    throw new EmbeddedError(
      "PostgreSQL does not run as root, and no system user postgres exists or could be created " +
        `(${messageOf(cause).trim()}). Start as another user, add a user named postgres, ` +
        "or set DATABASE_URL to a PostgreSQL server of your own.",
      { cause },
    );
  }
}

async function lookUp(name: string): Promise<Runner | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10), prefix: [] };
  } catch {
    return undefined;
  }
}

/**
 * Makes a runner that reaches programs and folder even where root's folders are closed to others (under
 * /root, or with umask 077), by the one capability to pass them.
 */
export async function withAccess(runner: Runner, program: string, folder: string): Promise<Runner> {
  if (runner.uid === undefined) return runner;
  if (await reaches(runner, program, folder)) return runner;
  const ids = [`--reuid=${runner.uid}`, `--regid=${runner.gid ?? runner.uid}`, "--clear-groups"];
  // Without the bit access(2), by which initdb looks for its programs, knows nothing of capabilities.
  const bits = "--securebits=+no_setuid_fixup";
  const capability = [bits, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  const capable: Runner = { ...runner, prefix: ["setpriv", ...ids, ...capability, "--"] };
  if (await reaches(capable, program, folder)) return capable;
  throw new EmbeddedError(
    `PostgreSQL does not run as root, and the user for it (uid ${runner.uid}) cannot get at ${folder} or ${program}: ` +
      "a folder above them is closed to others. Move both where that user gets at them (LTB_DATA_DIR for the data), or start as another user.",
  );
}

async function reaches(runner: Runner, program: string, folder: string): Promise<boolean> {
  const args = ["-c", 'cd "$2" && "$1" --version', "sh", program, folder];
  const test = spawnAs(runner, "/bin/sh", args, { cwd: "/", stdio: "ignore" });
  return once(test, "exit").then(
    ([code]) => code === 0,
    () => false,
  );
}

/** Throws if a plain user cannot write in the folder, as when root made it. The message says what to do. */
export async function assertWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new EmbeddedError(
      `This user may not write in the data folder ${folder}; it belongs to another. ` +
        "Start as its owner or choose another folder with LTB_DATA_DIR.",
      { cause },
    );
  }
}
