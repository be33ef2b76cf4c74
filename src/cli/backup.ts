import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BackupResult } from "../backup/format.ts";
import { formatSpan } from "../time-span.ts";
import { addDatabaseCommand, type Command } from "./shared/command.ts";
import { type DatabaseOptions, withMigrationConnection, withReplicaConnection } from "./shared/configured.ts";
import { UsageError } from "./shared/errors.ts";
import { parseWhole } from "./shared/options.ts";
import { formatTable, note, print, printJson } from "./shared/output.ts";
import { withInput } from "./transfer/open-input.ts";

const prefix = "llm_test_bench_";
const suffix = ".backup.tar";
const ours = new RegExp(`^${prefix}\\d{8}_\\d{6}${suffix.replaceAll(".", "\\.")}$`);

export function addCommand(program: Command): void {
  const backup = program
    .command("backup")
    .summary("write everything the database holds into one file")
    .description(
      "Writes everything that the configured database holds, as it stands at this moment, into one compressed file, while the service " +
        "goes on. `restore` puts it into any PostgreSQL from version 12. The key of the audit log is not in it: keep that elsewhere.",
    )
    .argument("<path>", `a file; in a folder, ${prefix}DATE_TIME${suffix} (UTC)`)
    .option(
      "--keep-days <n>",
      "in a folder: remove backups older than this afterwards",
      parseWhole(1, 36_500),
    )
    .option("--replica", "read the replica (DATABASE_REPLICA_URL), so that the queue does not notice");
  backup
    .forDatabase()
    .examples(
      "ltb backup before-upgrade.tar",
      ["ltb backup /backups --keep-days 7", "for a nightly job"],
      "DATABASE_URL=postgres://… ltb backup /backups",
    )
    .action(backUpInto);
  addDatabaseCommand(backup, "verify")
    .description(
      "Reads a backup to its end and compares every table with its SHA-256, and all with the layout that this " +
        "program has. Needs no database.",
    )
    .argument("<file>", "a backup; - reads it from standard input")
    .examples("ltb backup verify /backups/llm_test_bench_20240320_020000.backup.tar")
    .action(async (argument: string, options: DatabaseOptions) => {
      const { verifyBackup } = await import("../backup/verify.ts");
      await withInput(argument, async (path, file) =>
        showBackup(file, await verifyBackup(path), "is whole", options),
      );
    });
}

type BackupOptions = DatabaseOptions & { keepDays?: number; replica?: boolean };

async function backUpInto(path: string, options: BackupOptions): Promise<void> {
  const { backUp } = await import("../backup/backup.ts");
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (options.keepDays !== undefined && !isFolder)
    throw new UsageError(`--keep-days needs a folder that exists, ${path} is none`);
  const file = isFolder ? join(path, `${prefix}${stamp(new Date())}${suffix}`) : path;
  if (!isFolder && (await stat(file).catch(() => undefined)))
    throw new UsageError(`${file} exists already: name another file, or a folder`);
  const startedAt = performance.now();
  const withConnection = options.replica ? withReplicaConnection : withMigrationConnection;
  const result = await withConnection(options, (connection) => backUp(connection, file));
  showBackup(file, result, `is written in ${formatSpan(performance.now() - startedAt)}`, options);
  // Only now: a backup that fails must not cost the older ones.
  if (options.keepDays !== undefined) await rotate(path, options.keepDays);
}

function stamp(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
}

async function rotate(folder: string, days: number): Promise<void> {
  const oldest = `${prefix}${stamp(new Date(Date.now() - days * 86_400_000))}${suffix}`;
  for (const name of await readdir(folder)) {
    if (!ours.test(name) || name >= oldest) continue;
    await rm(join(folder, name));
    note(`removed ${join(folder, name)}`);
  }
}

export function showBackup(
  file: string,
  { header, manifest }: BackupResult,
  verb: string,
  { json }: DatabaseOptions,
  more: object = {},
): void {
  if (json) {
    const { createdAt, serviceVersion, postgresVersion, schemaVersion } = header;
    printJson({
      file,
      created_at: createdAt,
      service_version: serviceVersion,
      postgres_version: postgresVersion,
      schema_version: schemaVersion,
      tables: manifest.tables,
      ...more,
    });
    return;
  }
  const rows = Object.entries(manifest.tables)
    .filter(([, { rows }]) => rows > 0)
    .map(([name, { rows, bytes }]) => [name, rows, bytes]);
  if (rows.length > 0) print(`${formatTable(["table", ">rows", ">bytes"], rows)}\n`);
  print(`${file} ${verb}: the database of ${header.createdAt}, PostgreSQL ${header.postgresVersion}`);
}
