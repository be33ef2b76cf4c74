import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "../src/database/embedded.ts";
import { migrateUp } from "../src/database/migrate.ts";
import { checkStatements } from "./check-sql/check.ts";
import { loadStatements } from "./check-sql/load.ts";
import { formatReport } from "./check-sql/print.ts";

// Compares every SQL statement with its row schema, on a PostgreSQL of its own: `npm run check:sql`.
const dataDir = await mkdtemp(join(tmpdir(), "ltb-check-sql-"));
// Root runs PostgreSQL as another user, who has to pass it.
await chmod(dataDir, 0o711);
try {
  const server = await startEmbedded({ dataDir, settings: { fsync: "off" } });
  try {
    await migrateUp(server.connection);
    const report = await checkStatements(server.connection, await loadStatements());
    console.log(formatReport(report));
    if (report.faults.length > 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
