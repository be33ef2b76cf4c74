import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Takes from package-lock.json what binds it to one Node or one registry, and adds the hashes that npm leaves
// out where it makes the file from installed packages; with --check it only says what is wrong. npm compares
// the packages' demands on Node with the Node that runs npm, and warns about each, but they run on the Node
// among the dev dependencies.

interface Entry {
  /** Its own, where it is installed under another. */
  name?: string;
  version?: string;
  engines?: object;
  resolved?: string;
  integrity?: string;
  link?: boolean;
}

export interface Lockfile {
  packages: Record<string, Entry>;
}

/** Explains, one line for each, why `npm ci` might install something else than was tested. */
export function problemsOf({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([path, { engines, resolved, integrity, link }]) => {
    if (path === "") return [];
    if (link === true || !path.startsWith("node_modules/"))
      return `${path} is a workspace or a folder; expected packages only, which have hashes`;
    const problems = [
      engines && "names versions of Node",
      resolved && "names a registry",
      !/^sha512-[\w+/]{86}==/.test(integrity ?? "") && "has no SHA-512 hash",
    ];
    return problems.filter(Boolean).map((problem) => `${path} ${problem}: npm run lockfile`);
  });
}

/** Removes what is not wanted, and asks the registry for the hashes that are missing. */
function mend({ packages }: Lockfile): void {
  for (const [path, entry] of Object.entries(packages)) {
    if (path === "" || entry.link) continue;
    delete entry.engines;
    delete entry.resolved;
    const name = entry.name ?? path.replace(/^.*node_modules\//, "");
    const question = ["view", `${name}@${entry.version}`, "dist.integrity"];
    entry.integrity ??= execFileSync("npm", question, { encoding: "utf8" }).trim();
  }
}

if (import.meta.main) {
  const file = join(import.meta.dirname, "..", "package-lock.json");
  const lock: Lockfile = JSON.parse(readFileSync(file, "utf8"));
  if (!process.argv.includes("--check")) {
    mend(lock);
    writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  }
  for (const problem of problemsOf(lock)) {
    process.stderr.write(`package-lock.json: ${problem}\n`);
    process.exitCode = 1;
  }
}
