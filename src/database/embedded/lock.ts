import { constants } from "node:fs";
import { lchown, lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openOwned } from "./folders.ts";
import { EmbeddedError, FolderInUse, type Runner } from "./runner.ts";

const SQLITE_BUSY = 5;

/**
 * Makes this process the only one that serves `folder`, or throws an error that names the one that does.
 * Returns a function that frees the folder.
 *
 * The lock is the operating system's file lock, through SQLite because Node has no call for it. It ends with
 * the process, so it is never stale, and works between containers too. The pid is only for the message.
 */
export async function lockFolder(folder: string, runner: Runner): Promise<() => void> {
  const file = join(folder, "lock");
  const pidFile = join(folder, "lock.pid");
  // SQLite would follow a link, and make as root whatever it leads to.
  const isLink = await lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (isLink) throw new EmbeddedError(`${file} is a link, which is not followed: remove it and start again.`);
  const database = new DatabaseSync(file);
  try {
    // No journal file is made, because after a kill it would stay, owned by the user of that time.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (!(cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY)) throw cause;
    const pid = await readFile(pidFile, "utf8").catch(() => "");
    throw new FolderInUse(folder, pid.trim(), cause);
  }
  if (runner.uid !== undefined) await lchown(file, runner.uid, runner.gid ?? runner.uid);
  await using written = await openOwned(pidFile, constants.O_WRONLY | constants.O_TRUNC, runner);
  await written.writeFile(`${process.pid}\n`);
  return () => database.close();
}
