import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, chown, type FileHandle, lstat, mkdir, open, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Log } from "../../log.ts";
import { hasCode } from "../../thrown.ts";
import type { Binaries } from "./binaries.ts";
import { assertWritable, chooseRunner, EmbeddedError, type Runner, withAccess } from "./runner.ts";

/** The folders of the embedded database, in `<dataDir>/postgres`: mode 0700, owned by PostgreSQL's user. */
export interface Folders {
  base: string;
  /** PostgreSQL's own data folder. */
  data: string;
  passwordFile: string;
  logFile: string;
}

/** The folders with the programs that work on them, and the user that those run as. */
export interface Installation {
  folders: Folders;
  binaries: Binaries;
  runner: Runner;
}

/** Makes the folders if there are none, and finds the user for them. */
export async function prepareFolders(
  dataDir: string,
  binaries: Binaries,
  logger?: Log,
): Promise<Installation> {
  const outer = resolve(dataDir);
  const wanted = join(outer, "postgres");
  const chosen = await chooseRunner([wanted, outer], logger);
  // Only folders made here get our mode and owner, because LTB_DATA_DIR may be a folder that others use too.
  if (await makeFolder(outer)) await chmod(outer, chosen.uid === undefined ? 0o700 : 0o711);
  if (await makeFolder(wanted)) {
    await chmod(wanted, 0o700);
    await own(wanted, chosen);
  }
  await assertWritable(wanted);
  const base = await realpath(wanted);
  const folders: Folders = {
    base,
    data: join(base, "data"),
    passwordFile: join(base, "password"),
    logFile: join(base, "postgres.log"),
  };
  return { folders, binaries, runner: await withAccess(chosen, binaries.postgres, base) };
}

/** Makes the folder; true if it did not exist before. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    return (await mkdir(path, { recursive: true })) !== undefined;
  } catch (cause) {
    const reason = hasCode(cause, "EEXIST", "ENOTDIR") ? "a file is in its place" : String(cause);
    throw new EmbeddedError(
      `The data folder ${path} cannot be made: ${reason}. LTB_DATA_DIR names another.`,
      { cause },
    );
  }
}

async function own(path: string, { uid, gid }: Runner): Promise<void> {
  if (uid !== undefined) await chown(path, uid, gid ?? uid);
}

/** Opens a file of ours, for its owner only; never through a link, because root writes in others' folders. */
export async function openOwned(path: string, flags: number, runner: Runner): Promise<FileHandle> {
  const file = await open(path, flags | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  if (runner.uid !== undefined) await file.chown(runner.uid, runner.gid ?? runner.uid);
  return file;
}

/** The longest path of a socket that every system accepts has 103 bytes. */
const SOCKET_PATH_BYTES = 103;

/** Makes the socket's folder: within `base`, or under the temporary folder if that path is too long. */
export async function socketFolder(base: string, runner: Runner): Promise<string> {
  const inside = join(base, "socket");
  const fits = Buffer.byteLength(join(inside, ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES;
  const folder = fits
    ? inside
    : join(tmpdir(), `ltb-${createHash("sha256").update(base).digest("hex").slice(0, 12)}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  const found = await lstat(folder);
  const owners = [process.getuid?.(), runner.uid];
  // Under the temporary folder anybody may have made it before us.
  if (!found.isDirectory() || !owners.includes(found.uid) || (found.mode & 0o077) !== 0) {
    throw new EmbeddedError(
      `${folder} is needed for the socket of PostgreSQL but is another's. Remove it and start again.`,
    );
  }
  await own(folder, runner);
  return folder;
}
