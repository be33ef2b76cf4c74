import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

// `npm run build:console`: builds the web console into dist/console, and into dist/pages.js what lays out the
// pages of `--html` by the same charts, if what they are made of has changed since the last time. It runs
// after npm ci, before npm start, before npm pack, and before a page is written in a checkout.

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const built = join(dist, "console");
const pages = join(dist, "pages.js");
const stamp = join(built, ".inputs");
const inputs = [
  ...["console", "gen", "docs/errors.md", "package-lock.json", "scripts/build-console.ts"],
  // What of the sources the console imports.
  ...["src/charts", "src/statistics", "src/cli/grpcurl", "src/cli/html/document.ts"],
  ...["src/address.ts", "src/json-numbers.ts", "src/limits.ts", "src/text.ts"],
  ...["src/cli/shared/plain.ts", "src/cli/transfer/text-formats.ts"],
];

const files = inputs.flatMap((input) => {
  const path = join(root, input);
  return input.includes(".") ? [path] : filesUnder(path);
});
const hash = createHash("sha256");
for (const file of files)
  hash
    .update(`${relative(root, file)}\0`)
    .update(readFileSync(file))
    .update("\0");
const digest = hash.digest("hex");

const isBuilt = existsSync(pages) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
if (!isBuilt) await build();

/** Builds beside what is there, which others may be reading, and then puts it in its place. */
async function build(): Promise<void> {
  const vite = await import("vite").catch(() => undefined);
  // Dependencies were installed without those for development: the service then says that it has no console.
  if (!vite) return console.warn("the console is not built: Vite is not installed (npm ci brings it)");
  // Whatever runs this, the page is for people: React's checks are for who changes it.
  process.env.NODE_ENV = "production";
  mkdirSync(dist, { recursive: true });
  const scratch = mkdtempSync(join(dist, ".build-"));
  try {
    for (const [config, outDir] of [
      ["vite.config.ts", join(scratch, "console")],
      ["pages.config.ts", scratch],
    ] as const) {
      const options = {
        configFile: join(root, "console", config),
        logLevel: "warn",
        build: { outDir },
      } as const;
      const results = [await vite.build(options)].flat();
      const chunks = results.flatMap((result) => ("output" in result ? result.output : []));
      expectInputs(chunks.flatMap((chunk) => ("moduleIds" in chunk ? chunk.moduleIds : [])));
    }
    await Promise.all(
      filesUnder(join(scratch, "console"))
        .filter((file) => /\.(?:js|css|html|svg)$/.test(file))
        .map(compress),
    );
    writeFileSync(join(scratch, "console/.inputs"), digest);
    renameSync(join(scratch, "pages.js"), pages);
    // It holds the stamp that says that all is built.
    replaceFolder(join(scratch, "console"), built);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Puts a folder in the place of another, where another build may put its own at the same time. */
function replaceFolder(folder: string, place: string): void {
  for (let triesLeft = 20; ; triesLeft--) {
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
    try {
      renameSync(folder, place);
      return;
    } catch (error) {
      const isTaken = ["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "");
      if (!isTaken || triesLeft === 0) throw error;
    }
  }
}

/** @throws when a file was built in whose changes would not be noticed the next time */
function expectInputs(modules: readonly string[]): void {
  const unknown = modules
    .filter((id) => id.startsWith(`${root}/`))
    .map((id) => relative(root, id.replace(/\?.*/, "")))
    .filter((file) => !file.startsWith("node_modules/"))
    .filter((file) => !inputs.some((input) => file === input || file.startsWith(`${input}/`)));
  if (unknown.length > 0)
    throw new Error(`the console imports what "inputs" of scripts/build-console.ts lacks: ${unknown}`);
}

/** Writes the forms that browsers ask for beside a file, so that the service compresses nothing. */
async function compress(file: string): Promise<void> {
  const content = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(content, { params }));
  writeFileSync(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
