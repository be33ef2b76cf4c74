import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

// `npm run build:console`: builds the web console into dist/console, if what it is made of has changed since
// the last time. It runs after npm ci, before npm start and before npm pack.

const root = join(import.meta.dirname, "..");
const built = join(root, "dist/console");
const stamp = join(built, ".inputs");
const inputs = ["console", "gen/ltb", "package-lock.json", "scripts/build-console.ts"];

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

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) await build();

async function build(): Promise<void> {
  const vite = await import("vite").catch(() => undefined);
  // Dependencies were installed without those for development: the service then says that it has no console.
  if (!vite) return console.warn("the console is not built: Vite is not installed (npm ci brings it)");
  // Whatever runs this, the page is for people: React's checks are for who changes it.
  process.env.NODE_ENV = "production";
  await vite.build({ configFile: join(root, "console/vite.config.ts"), logLevel: "warn" });
  await Promise.all(
    filesUnder(built)
      .filter((file) => /\.(?:js|css|html|svg)$/.test(file))
      .map(compress),
  );
  writeFileSync(stamp, digest);
}

/** Writes the forms that browsers ask for beside a file, so that the service compresses nothing. */
async function compress(file: string): Promise<void> {
  const content = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
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
