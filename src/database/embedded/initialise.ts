import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { readTextFile } from "../../files.ts";
import { limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { hasCode } from "../../thrown.ts";
import type { Binaries } from "./binaries.ts";
import { type Folders, type Installation, openOwned } from "./folders.ts";
import { packageName, RELEASES } from "./releases.ts";
import { finishReplacement, syncFolder } from "./replace-data.ts";
import { EmbeddedError, type Runner, spawnAs } from "./runner.ts";

export const SUPERUSER = "postgres";

/**
 * Settings for the new folder's postgresql.conf, where an operator may change them. They suit one service on
 * one machine; durability is PostgreSQL's own (fsync and synchronous_commit on).
 */
const INITIAL_SETTINGS: Record<string, string> = {
  max_connections: String(limits.embeddedConnections),
  shared_buffers: "128MB",
  max_wal_size: "2GB",
  wal_compression: "on",
  // The jit is made for long analytical queries; for ours, compiling costs more than it saves.
  jit: "off",
  random_page_cost: "1.1",
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/** Makes the data folder if needed, and refuses one that PostgreSQL cannot read. Returns the password. */
export async function initialise(
  installation: Installation,
  options: { sync: boolean; logger?: Log | undefined; signal?: AbortSignal | undefined },
): Promise<string> {
  const { folders, binaries, runner } = installation;
  await finishReplacement(folders);
  const made = await madeBy(folders.data);
  if (made === undefined) {
    const password = (await readPassword(folders)) ?? (await createPassword(folders, runner));
    options.logger?.info({}, `Making a new PostgreSQL ${binaries.version} database in ${folders.data}`);
    await createDataFolder(installation, options);
    return password;
  }
  if (made !== binaries.major) throw otherMajor(folders.data, made, binaries);
  const password = await readPassword(folders);
  if (password !== undefined) return password;
  throw new EmbeddedError(
    `The password of the database in ${folders.data} is missing: restore the file ${folders.passwordFile}, ` +
      "or start empty in another folder with LTB_DATA_DIR.",
  );
}

/** The error for a data folder of another major version, with the way to go on. */
export function otherMajor(data: string, made: string, { version, major }: Binaries): EmbeddedError {
  const release = RELEASES[made];
  const wayOut =
    release === undefined || Number(made) > Number(major)
      ? "Start it with the release of this program that made it, or a later one"
      : `PostgreSQL ${made} is needed once more to move it: npm install --prefix DIR ${packageName}@${release} ` +
        "brings it into a folder of your choice, and then ltb upgrade --old-binaries DIR moves the data and keeps " +
        "the old folder";
  return new EmbeddedError(
    `The data folder ${data} was made by PostgreSQL ${made}; this program brings PostgreSQL ${version}, which ` +
      `cannot read it. ${wayOut}; or start empty in another folder with LTB_DATA_DIR.`,
  );
}

/** Reads the major version that made the folder; undefined without a folder. */
export async function madeBy(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const content = await readdir(data).catch(() => []);
    if (content.length === 0) return undefined;
    throw new EmbeddedError(
      `${data} holds something else than a PostgreSQL data folder (it has no PG_VERSION). ` +
        "Move it away, or choose another folder with LTB_DATA_DIR.",
    );
  }
}

async function readPassword({ passwordFile }: Folders): Promise<string | undefined> {
  return (await readTextFile(passwordFile))?.trim() || undefined;
}

async function createPassword({ passwordFile }: Folders, runner: Runner): Promise<string> {
  const password = randomBytes(24).toString("base64url");
  await using file = await openOwned(passwordFile, constants.O_WRONLY | constants.O_TRUNC, runner);
  await file.writeFile(`${password}\n`);
  await file.sync();
  return password;
}

/** Runs initdb in a folder that gets its name when it is whole, so a cut leaves nothing half-made. */
async function createDataFolder(
  { folders, binaries, runner }: Installation,
  { sync, signal }: { sync: boolean; signal?: AbortSignal | undefined },
): Promise<void> {
  for (const name of await readdir(folders.base)) {
    if (name.startsWith("data.new-"))
      await rm(join(folders.base, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const passing = join(folders.base, `data.new-${randomBytes(4).toString("hex")}`);
  const args = [
    `--pgdata=${passing}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${folders.passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // PostgreSQL's own collation is the same everywhere, and does not change with the system's libraries.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    ...(sync ? [] : ["--no-sync"]),
    ...Object.entries(INITIAL_SETTINGS).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
  ];
  const child = spawnAs(runner, binaries.initdb, args, {
    cwd: folders.base,
    stdio: ["ignore", "ignore", "pipe"],
    ...(signal && { signal }),
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [exit, killed] = await once(child, "close");
  const code = exit ?? killed;
  if (code !== 0) {
    await rm(passing, { recursive: true, force: true });
    const hint = output.includes("look up effective user")
      ? " The system does not know this user: add it to /etc/passwd (in a container: start as a user that the image has)."
      : "";
    throw new EmbeddedError(
      `${basename(binaries.initdb)} could not make ${folders.data} (${code}): ${output.trim()}${hint}`,
    );
  }
  await rm(folders.data, { recursive: true, force: true });
  await rename(passing, folders.data);
  if (sync) await syncFolder(folders.base);
}
