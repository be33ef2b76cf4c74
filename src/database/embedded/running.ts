import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SUPERUSER } from "./initialise.ts";
import { isPostmaster, readPidFile } from "./postmaster.ts";
import type { EmbeddedConnection } from "./start-embedded.ts";

/**
 * Finds the connection to an embedded PostgreSQL that another process serves at this moment; undefined if
 * none runs.
 */
export async function findRunning(
  dataDir: string,
  database: string,
): Promise<EmbeddedConnection | undefined> {
  const base = join(resolve(dataDir), "postgres");
  const data = join(base, "data");
  const found = await readPidFile(data);
  if (!found?.ready || !(await isPostmaster(found.pid, data))) return undefined;
  const password = (await readFile(join(base, "password"), "utf8")).trim();
  const host = found.socketFolder || "127.0.0.1";
  return { host, port: found.port, user: SUPERUSER, password, database };
}
