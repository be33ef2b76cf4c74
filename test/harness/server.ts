import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Binaries, binariesIn, findBinaries } from "../../src/database/embedded/binaries.ts";
import { type Folders, openOwned, prepareFolders } from "../../src/database/embedded/folders.ts";
import { initialise, SUPERUSER } from "../../src/database/embedded/initialise.ts";
import { type Runner, spawnAs } from "../../src/database/embedded/runner.ts";
import {
  type Embedded,
  type EmbeddedOptions,
  startEmbedded,
} from "../../src/database/embedded/start-embedded.ts";

/**
 * The programs that tests run on: our own, or those in the folder TEST_POSTGRES_BIN, which `npm run
 * test:matrix` names.
 */
export function testBinaries(): Promise<Binaries> {
  const folder = process.env.TEST_POSTGRES_BIN;
  return folder === undefined ? findBinaries() : binariesIn(folder);
}

/** `startEmbedded` on the PostgreSQL that tests run on. */
export async function startTestPostgres(options: EmbeddedOptions): Promise<Embedded> {
  const binaries = await testBinaries();
  const { folders, runner } = await prepareFolders(options.dataDir, binaries);
  await initialiseTest(folders, binaries, runner);
  return startEmbedded({ ...options, binaries });
}

/** Makes a data folder for any major, and returns its password. */
export async function initialiseTest(folders: Folders, binaries: Binaries, runner: Runner): Promise<string> {
  if (Number(binaries.major) < 17 && !(await exists(join(folders.data, "PG_VERSION"))))
    await initialiseOlder(folders, binaries, runner);
  return initialise({ folders, binaries, runner }, { sync: false });
}

/**
 * What the service asks of initdb came with 16 and 17. Its settings stay at their defaults here, as on a
 * server that somebody else runs; the collation is the same, with the operating system's letters.
 */
async function initialiseOlder(folders: Folders, binaries: Binaries, runner: Runner): Promise<void> {
  const file = await openOwned(folders.passwordFile, constants.O_WRONLY | constants.O_TRUNC, runner);
  await file.writeFile(`${randomBytes(24).toString("base64url")}\n`);
  await file.close();
  const locale = ["--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"];
  const child = spawnAs(
    runner,
    binaries.initdb,
    [
      `--pgdata=${folders.data}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${folders.passwordFile}`,
      "--auth=scram-sha-256",
      "--no-sync",
      ...locale,
    ],
    { cwd: folders.base, stdio: ["ignore", "ignore", "inherit"] },
  );
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`initdb of PostgreSQL ${binaries.version} failed with ${code}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
