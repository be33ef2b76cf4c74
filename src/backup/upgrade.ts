import { constants, existsSync } from "node:fs";
import { chown, mkdir, readdir, readFile, rm, stat, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findBinaries, findOtherBinaries } from "../database/embedded/binaries.ts";
import { type Folders, type Installation, openOwned, prepareFolders } from "../database/embedded/folders.ts";
import { madeBy, otherMajor } from "../database/embedded/initialise.ts";
import { lockFolder } from "../database/embedded/lock.ts";
import { recoverFolder } from "../database/embedded/postmaster.ts";
import { dropReplacement, finishReplacement, replaceData } from "../database/embedded/replace-data.ts";
import { type Embedded, EmbeddedError, startLocked } from "../database/embedded/start-embedded.ts";
import { addSearchIndex, listSearchIndexes } from "../evaluations/search/manage-indexes.ts";
import type { Log } from "../log.ts";
import { backUp } from "./backup.ts";
import type { BackupResult } from "./format.ts";
import { refuseOtherLayout } from "./layouts.ts";
import { restore } from "./restore.ts";

export interface UpgradeOptions {
  /** The folder of the service's data (LTB_DATA_DIR). */
  dataDir: string;
  /** Where the programs of the folder's own major version are. Without: the error says how to get them. */
  oldBinaries?: string | undefined;
  logger?: Log | undefined;
  /** Gives up: the old folder stays in use as it is. */
  signal?: AbortSignal | undefined;
}

export interface Upgrade {
  /** PostgreSQL's versions, for example `17.10` and `18.4`. */
  from: string;
  to: string;
  /** Where the old data folder is now. */
  kept: string;
  restored: BackupResult;
}

/**
 * Moves the embedded database from the data folder of an older major version of PostgreSQL into a new one, by
 * a backup with the old programs and a restore with the new ones. The old folder is in use until the new one
 * is whole, and kept then; a move that was cut off begins again.
 * @returns undefined if the folder is of this program's version already
 * @throws EmbeddedError that says what to do: there is no such database, it is being served, the programs are
 * missing or of another version, or there is no room
 */
export async function upgradeEmbedded(options: UpgradeOptions): Promise<Upgrade | undefined> {
  const { dataDir, logger } = options;
  const binaries = await findBinaries();
  const base = join(resolve(dataDir), "postgres");
  if (!existsSync(base)) throw noDatabase(base);
  const installation = await prepareFolders(dataDir, binaries, logger);
  const release = await lockFolder(installation.folders.base, installation.runner);
  try {
    return await upgradeLocked(installation, options);
  } finally {
    release();
  }
}

async function upgradeLocked(to: Installation, options: UpgradeOptions): Promise<Upgrade | undefined> {
  const { folders, runner, binaries } = to;
  const { oldBinaries, logger } = options;
  await finishReplacement(folders);
  const workplace = join(folders.base, "upgrade");
  const clear = async () => {
    // A PostgreSQL of a move that was killed may still run there.
    await recoverFolder(join(workplace, "postgres", "data"), runner, logger);
    await rm(workplace, { recursive: true, force: true, maxRetries: 5 });
  };
  const made = await madeBy(folders.data);
  if (made === undefined) throw noDatabase(folders.data);
  if (made === binaries.major) {
    await clear();
    return undefined;
  }
  if (oldBinaries === undefined || Number(made) > Number(binaries.major))
    throw otherMajor(folders.data, made, binaries);
  const old = await findOtherBinaries(oldBinaries);
  if (old.major !== made)
    throw new EmbeddedError(
      `${resolve(oldBinaries)} has PostgreSQL ${old.version}. ${otherMajor(folders.data, made, binaries).message}`,
    );
  // A move that was cut off is not continued: the old folder may have been served since.
  await clear();
  await dropReplacement(folders);
  await refuseWithoutRoom(folders);
  try {
    await mkdir(workplace, { mode: 0o700 });
    if (runner.uid !== undefined) await chown(workplace, runner.uid, runner.gid ?? runner.uid);
    const file = join(workplace, "backup.tar");
    const from = await prepareFolders(options.dataDir, old, logger);
    const indexes = await withPostgres(from, options, async ({ connection }) => {
      const { header } = await backUp(connection, file);
      refuseOtherLayout(folders.data, header);
      return listSearchIndexes(connection);
    });
    const next = await prepareFolders(workplace, binaries, logger);
    await copyPassword(folders, next);
    const restored = await withPostgres(next, options, async ({ connection }) => {
      const result = await restore(connection, file, { isMove: true });
      for (const { kind, state } of indexes) if (state === "ready") await addSearchIndex(connection, kind);
      return result;
    });

    const kept = `${folders.data}-${made}-${new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;
    await replaceData(folders, next.folders.data, kept);
    return { from: old.version, to: binaries.version, kept, restored };
  } finally {
    await clear();
  }
}

/** The password stays the one in the file beside the data folder. */
async function copyPassword(from: Folders, { folders, runner }: Installation): Promise<void> {
  await using file = await openOwned(folders.passwordFile, constants.O_WRONLY, runner);
  await file.writeFile(await readFile(from.passwordFile));
}

/** Runs `work` on a PostgreSQL that is stopped afterwards, or at once if the move is given up. */
async function withPostgres<T>(
  installation: Installation,
  { logger, signal }: UpgradeOptions,
  work: (postgres: Embedded) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const postgres = await startLocked(installation, { ...(logger && { logger }), ...(signal && { signal }) });
  const stop = () => void postgres.stop();
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    return await work(postgres);
  } finally {
    signal?.removeEventListener("abort", stop);
    await postgres.stop();
    signal?.throwIfAborted();
  }
}

/** The new folder takes about as much as the tables and indexes of the old one. */
async function refuseWithoutRoom({ base, data }: Folders): Promise<void> {
  let needed = 0;
  for (const file of await readdir(join(data, "base"), { recursive: true, withFileTypes: true })) {
    if (file.isFile()) needed += (await stat(join(file.parentPath, file.name))).size;
  }
  const { bavail, bsize } = await statfs(base);
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  if (bavail * bsize < needed)
    throw new EmbeddedError(
      `${base} has no room for a second data folder beside the present one: ${megabytes(needed)} are needed, ` +
        `${megabytes(bavail * bsize)} are free. Make room, or copy ${base} to a larger disk and name its folder ` +
        "by LTB_DATA_DIR.",
    );
}

function noDatabase(folder: string): EmbeddedError {
  return new EmbeddedError(
    `There is no embedded database in ${folder}: set LTB_DATA_DIR to the folder of the service's data.`,
  );
}
