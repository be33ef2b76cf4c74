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
  integrity?: string | undefined;
  link?: boolean;
  [kind: `${string}ependencies`]: unknown;
}

export interface Lockfile {
  packages: Record<string, Entry>;
  /** Of the first layout, which npm also reads. */
  dependencies?: object;
}

const sha512 = /^sha512-[\w+/]{86}==$/;
const release = /^\d+\.\d+\.\d+[\w.+-]*$/;

/** Explains, one line for each, why `npm ci` might install something else than was tested. */
export function problemsOf({ packages, dependencies }: Lockfile): string[] {
  if (packages === undefined || Object.keys(packages).every((path) => path === ""))
    return ["it has no packages: npm install, then npm run lockfile"];
  const problems = Object.entries(packages).flatMap(([path, entry]) => [
    ...addressesOf(path, entry),
    ...(path === "" ? [] : problemsOfPackage(path, entry)),
  ]);
  if (dependencies) problems.push("dependencies of the first layout beside packages: npm run lockfile");
  return problems;
}

function problemsOfPackage(path: string, { engines, resolved, integrity, link, version }: Entry): string[] {
  if (link === true || !path.startsWith("node_modules/"))
    return [`${path} is a workspace or a folder; expected packages only, which have hashes`];
  if (!release.test(version ?? ""))
    return [`${path} has the version ${version}; expected a release of the registry, not an address`];
  const problems = [
    engines && "names versions of Node",
    resolved && "names a registry",
    !sha512.test(integrity ?? "") && "has no SHA-512 hash",
  ];
  return problems.filter(Boolean).map((problem) => `${path} ${problem}: npm run lockfile`);
}

/** What a package or the program itself depends on by an address or a path, which no hash binds. */
function addressesOf(path: string, entry: Entry): string[] {
  return Object.entries(entry)
    .filter(([kind]) => /dependencies$/i.test(kind))
    .flatMap(([, wanted]) => Object.entries(wanted as Record<string, string>))
    .filter(([, range]) => /[/:]/.test(range.replace(/^npm:(@[\w.-]+\/)?/, "")))
    .map(([name, range]) => `${path || "the program"} depends on ${name} by ${range}; expected a version`);
}

/** Removes what is not wanted, and asks the registry for the hashes that are missing or weak. */
export function mend(lock: Lockfile, hashOf = askRegistry): void {
  delete lock.dependencies;
  for (const [path, entry] of Object.entries(lock.packages ?? {})) {
    if (path === "" || entry.link) continue;
    delete entry.engines;
    delete entry.resolved;
    if (sha512.test(entry.integrity ?? "") || !release.test(entry.version ?? "")) continue;
    entry.integrity = hashOf(`${entry.name ?? path.replace(/^.*node_modules\//, "")}@${entry.version}`);
  }
}

function askRegistry(name: string): string {
  return execFileSync("npm", ["view", name, "dist.integrity"], { encoding: "utf8" }).trim();
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
