import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateUp } from "../src/database/migrate/migrate.ts";
import { startTestPostgres } from "../test/harness/server.ts";
import { checkStatements } from "./check-sql/check.ts";
import { loadStatements } from "./check-sql/load.ts";
import { formatReport } from "./check-sql/print.ts";

// `npm run check:sql` compares every SQL statement with its row schema, on its own PostgreSQL (`-- --brief`:
// only faults).
const brief = process.argv.includes("--brief");
const dataDir = await mkdtemp(join(tmpdir(), "ltb-check-sql-"));
// Root runs PostgreSQL as another user, who needs access to the folder.
await chmod(dataDir, 0o711);
try {
  const server = await startTestPostgres({ dataDir, settings: { fsync: "off" } });
  try {
    await migrateUp(server.connection);
    const report = await checkStatements(server.connection, await loadStatements());
    console.log(formatReport(report, { brief }));
    if (report.faults.length > 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
