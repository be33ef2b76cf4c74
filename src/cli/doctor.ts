import type { Command } from "./shared/command.ts";
import { type DatabaseOptions, withConfiguredDatabase } from "./shared/configured.ts";
import { exitCodes } from "./shared/errors.ts";
import { parseWhole } from "./shared/options.ts";
import { print, printJson } from "./shared/output.ts";
import { paint } from "./shared/terminal.ts";

const colours = { ok: "green", warn: "yellow", fail: "red" } as const;

type Options = DatabaseOptions & { servers: number; backups?: string };

export function addCommand(program: Command): void {
  program
    .command("doctor")
    .summary("look at the database and tell what to do")
    .description(
      "Checks connection, version, SSL, clocks, schema, indexes, settings, connections, transactions, vacuum, replication, disk, audit trail and backups " +
        "of the configured database (DATABASE_URL and its kin, else the embedded one in LTB_DATA_DIR). The service need not run. Writes nothing; a role " +
        "that may read the tables will do, one in pg_monitor sees more. Exit code 1 if a check fails; warnings do not count.",
    )
    .option("--servers <n>", "servers that are to run on this database", parseWhole(1, 1_000), 1)
    .option("--backups <folder>", "where `ltb backup` writes to: also checks the age of the newest")
    .forDatabase()
    .examples(
      "ltb doctor",
      "ltb doctor --servers 3 --backups /backups",
      "ltb doctor --json | jq '.checks[] | select(.level != \"ok\")'",
    )
    .action(async ({ config: file, json, servers, backups }: Options) => {
      const { examine } = await import("../doctor/doctor.ts");
      const checks = await withConfiguredDatabase(file, (database, config) =>
        examine(database, config, { servers, backups }),
      );
      const isWell = checks.every(({ level }) => level !== "fail");
      if (json) printJson({ ok: isWell, checks });
      else {
        const width = Math.max(...checks.map(({ check }) => check.length));
        for (const { level, check, message, advice } of checks) {
          print(`${paint(colours[level], level.padEnd(4))}  ${check.padEnd(width)}  ${message}`);
          if (advice !== undefined) print(`${" ".repeat(width + 8)}${advice}`);
        }
      }
      if (!isWell) process.exitCode = exitCodes.failure;
    });
}
