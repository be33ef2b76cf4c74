import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedOptions, startEmbedded } from "../../src/database/embedded/start-embedded.ts";

/**
 * Starts a PostgreSQL of a bench's own, in a folder that goes when `started` is disposed of. SIGINT and
 * SIGTERM dispose of it too, and then end the bench.
 */
export async function startBenchPostgres(
  started: AsyncDisposableStack,
  settings: EmbeddedOptions["settings"] = {},
) {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      // The calls under way fail when what answers them is stopped.
      process.on("uncaughtException", () => undefined);
      started.disposeAsync().finally(() => process.exit(1));
    });
  const dataDir = await mkdtemp(join(tmpdir(), "ltb-bench-"));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const starting = startEmbedded({ dataDir, settings });
  started.defer(async () => (await starting).stop());
  const { connection, version } = await starting;
  const { host, port, user, password, database } = connection;
  const url = `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  return { connection, dataDir, url, version };
}
