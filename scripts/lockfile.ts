import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Removes the packages' demands on Node from package-lock.json; with --check it fails if there are any. npm
// compares them with the Node that runs npm, and warns about each, but the packages run on the Node among the
// dev dependencies.

const file = join(import.meta.dirname, "..", "package-lock.json");
const text = readFileSync(file, "utf8");
const lock: { packages: Record<string, { engines?: object }> } = JSON.parse(text);
for (const [path, entry] of Object.entries(lock.packages)) if (path !== "") delete entry.engines;
const written = `${JSON.stringify(lock, undefined, 2)}\n`;

if (!process.argv.includes("--check")) writeFileSync(file, written);
else if (written !== text) {
  process.stderr.write("package-lock.json names versions of Node: npm run lockfile\n");
  process.exitCode = 1;
}
