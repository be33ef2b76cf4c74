import { styleText } from "node:util";
import { version } from "../version.ts";
import { Command, refuseEmpty } from "./shared/command.ts";
import { addCommands } from "./shared/commands.ts";
import { lineWidth } from "./shared/terminal.ts";

/**
 * The command line, `ltb`, as far as `args` need it. Wrong usage, `--help` and `--version` end as a
 * CommanderError.
 * @param args what follows the program's name
 */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("ltb")
    .description(
      "Keeps the benchmarks, evaluations and jobs of an LLM test bench in PostgreSQL, and serves them over gRPC, Connect, gRPC-Web and JSON.",
    )
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help, or a command's")
    .helpCommand("help [command...]", "print this help, or a command's")
    .configureHelp({ styleTitle: (title) => styleText("bold", title, { validateStream: false }) })
    .exitOverride()
    .hook("preAction", (_, command) => refuseEmpty(command))
    // Errors are shown in one place, by `run`, as text or JSON.
    .configureOutput({ outputError: () => undefined, getOutHelpWidth: () => lineWidth() ?? 80 });
  // Completions are of all commands.
  await addCommands(program, args[0] === "complete" ? [] : args, {
    "Service:": {
      serve: () => import("./serve.ts"),
      migrate: () => import("./migrate.ts"),
      backup: () => import("./backup.ts"),
      restore: () => import("./restore.ts"),
      upgrade: () => import("./upgrade.ts"),
      doctor: () => import("./doctor.ts"),
      health: () => import("./health.ts"),
    },
    "Data:": {
      demo: () => import("./demo.ts"),
      import: () => import("./import.ts"),
      summary: () => import("./summary.ts"),
      compare: () => import("./compare.ts"),
      power: () => import("./power.ts"),
      leaderboard: () => import("./leaderboard.ts"),
      history: () => import("./history.ts"),
      baseline: () => import("./baseline.ts"),
      datasets: () => import("./datasets.ts"),
      export: () => import("./export.ts"),
      benchmark: () => import("./benchmark.ts"),
      evaluation: () => import("./evaluation.ts"),
    },
    "Jobs:": {
      job: () => import("./job.ts"),
      limit: () => import("./limit.ts"),
      worker: () => import("./worker.ts"),
    },
    "Users:": { user: () => import("./user.ts"), key: () => import("./key.ts") },
    "About a running service:": {
      console: () => import("./console.ts"),
      audit: () => import("./audit.ts"),
      stats: () => import("./stats.ts"),
      info: () => import("./info.ts"),
      grpcurl: () => import("./grpcurl.ts"),
      cleanup: () => import("./cleanup.ts"),
    },
    "Shell:": { complete: () => import("./complete.ts") },
  });
  return program.addHelpText(
    "after",
    `
Start:
  ltb serve                       a service with its own database in ./.ltb
  ltb demo                        a complete workflow on a small sample: jobs, workers, results
  ltb import logs/run.eval        your own results
  ltb summary my-benchmark        mean, confidence interval and percentiles of every metric
  ltb compare main candidate      which is better, by how much, and whether it is more than chance

Exit codes: 0 done, 1 failed, 2 wrong usage; of compare 3 a gate was not passed.
Each command has examples: ltb COMMAND --help`,
  );
}
