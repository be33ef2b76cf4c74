import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder that holds package.json, migrations and samples: the checkout's, or the installed package's. */
export const packageRoot: string = findRoot(import.meta.dirname);

/** The version of this program, for example `0.1.0`. */
export const version: string = readVersion();

// Not by a fixed number of levels: the built files lie one level deeper than the sources.
function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error(`no package.json above ${import.meta.dirname}: install the package again`);
  return findRoot(parent);
}

function readVersion(): string {
  const manifest: { version?: unknown } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  return String(manifest.version);
}
