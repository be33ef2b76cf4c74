import type { RestoreResult } from "../backup/restore.ts";
import { showBackup } from "./backup.ts";
import { keyLines } from "./shared/banner.ts";
import { addDatabaseCommand, type Command } from "./shared/command.ts";
import { type DatabaseOptions, patienceOf, withConfiguredDatabase } from "./shared/configured.ts";
import { UsageError } from "./shared/errors.ts";
import { noteLog, oneLine, print } from "./shared/output.ts";
import { commandLine } from "./shared/shell.ts";
import { withInput } from "./transfer/open-input.ts";

interface Options extends DatabaseOptions {
  force?: boolean;
  keepSessions?: boolean;
  newAdminKey?: boolean;
  sealAnew?: boolean;
}

export function addCommand(program: Command): void {
  addDatabaseCommand(program, "restore")
    .summary("put a backup into the database")
    .description(
      "Puts a backup into the configured database: all of it, or nothing. The schema is made, and brought up to date afterwards. Best stop the " +
        "service before; one that runs has its calls wait. Users, API keys and passwords are those of the backup; its sessions end. The audit trail goes on from where the " +
        "backup ends, with the key that sealed it, which is in no backup.",
    )
    .argument("<file>", "what `backup` wrote; - reads it from standard input")
    .option("--force", "replace what the database holds; without, one that holds rows is refused")
    .option("--keep-sessions", "the sessions of the backup go on")
    .option(
      "--new-admin-key",
      "make an API key for an admin of the embedded database: admin.key in LTB_DATA_DIR",
    )
    .option(
      "--seal-anew",
      "the key of the audit trail is lost: drop its seals, so that all of it is sealed by the key in LTB_AUDIT_KEY_FILE, which is made if there is none",
    )
    .examples(
      "ltb restore before-upgrade.tar",
      ["DATABASE_URL=postgres://… ltb restore before-upgrade.tar", "into another PostgreSQL"],
      ["LTB_DATA_DIR=/srv/new ltb restore before-upgrade.tar --new-admin-key", "on a new machine"],
    )
    .action(restoreFrom);
}

async function restoreFrom(argument: string, options: Options): Promise<void> {
  await withInput(argument, (path, file) => restorePath(path, file, options));
}

/** @param file what messages call the path */
async function restorePath(path: string, file: string, options: Options): Promise<void> {
  const { force = false, keepSessions = false, newAdminKey = false, sealAnew = false, json } = options;
  const { restore } = await import("../backup/restore.ts");
  const { holdTrail, settleBeside } = await import("../backup/after-restore.ts");
  const warnings: string[] = [];
  const keep = (_: object, message: string) => void warnings.push(message);
  const { result, keys, isEmbedded } = await withConfiguredDatabase(
    options.config,
    async (source, config) => {
      const isEmbedded = config.database.kind === "embedded";
      if (newAdminKey && !isEmbedded)
        throw new UsageError(
          `--new-admin-key is for the embedded database; for one of your own: ${commandLine("key create --user NAME --database")}`,
        );
      const patience = await patienceOf(config);
      const connection = await source.migrationConnection(patience);
      return holdTrail(connection, async () => {
        const result = await restore(connection, path, { force, keepSessions, sealAnew });
        const keys = await settleBeside(source, config, {
          newAdminKey,
          makeAuditKey: isEmbedded || sealAnew,
          log: { ...noteLog, warn: keep, error: keep },
        });
        return { result, keys, isEmbedded };
      });
    },
    { create: true },
  );
  const { sessionsEnded, sessionsKept, cameBack } = result;
  showBackup(file, result, "is restored", options, {
    sessions_ended: sessionsEnded,
    sessions_kept: sessionsKept,
    came_back: cameBack,
    keys: keys.kind === "file" ? { file: keys.file, user: keys.user } : keys,
    warnings,
  });
  if (json) return;
  print(`${describeAccess(result)}\n\n${keyLines(keys, process.stdout.isTTY)}`);
  if (isEmbedded && keys.kind === "elsewhere")
    print(
      "A restore with --new-admin-key (once more, with --force) also makes one, which commands find by themselves.",
    );
  for (const warning of warnings) print(`Warning: ${warning}`);
}

/** Says what of the past holds again. */
function describeAccess({
  header: { createdAt },
  sessionsEnded,
  sessionsKept,
  cameBack,
}: RestoreResult): string {
  const ended =
    (sessionsEnded === 0 ? "" : ` Its sessions were ended: ${sessionsEnded}.`) +
    (sessionsKept === 0 ? "" : ` Its sessions are good again: ${sessionsKept}.`);
  const named = cameBack.map(({ what, name }) => `\n  ${what}: ${oneLine(name)}`).join("");
  return `
Users, passwords and API keys are those of ${createdAt}: what was revoked, disabled or changed since then is so no
longer, see \`user list\` and \`key list\`.${ended}${named && `\nOf what was replaced, these are good again:${named}`}`;
}
