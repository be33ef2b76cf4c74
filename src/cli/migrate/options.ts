import type { Command } from "commander";

export interface MigrateOptions {
  config?: string;
  json?: boolean;
}

/** Options of every command that looks into the configured database. */
export function configured(command: Command): Command {
  return command
    .option("--config <file>", "JSON file with settings (LTB_CONFIG_FILE)")
    .option("--json", "print JSON: one object on stdout, errors on stderr");
}
