import { Command } from "commander";
import { version } from "../version.ts";
import { auditCommand } from "./audit.ts";
import { backupCommand, restoreCommand } from "./backup.ts";
import { benchmarkCommand } from "./benchmark.ts";
import { cleanupCommand } from "./cleanup.ts";
import { compareCommand } from "./compare.ts";
import { completeCommand } from "./complete.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { evaluationCommand } from "./evaluation.ts";
import { exportCommand } from "./export.ts";
import { grpcurlCommand } from "./grpcurl.ts";
import { importCommand } from "./import.ts";
import { infoCommand } from "./info.ts";
import { jobCommand } from "./job.ts";
import { keyCommand } from "./key.ts";
import { leaderboardCommand } from "./leaderboard.ts";
import { limitCommand } from "./limit.ts";
import { migrateCommand } from "./migrate.ts";
import { serveCommand } from "./serve.ts";
import { statsCommand } from "./stats.ts";
import { summaryCommand } from "./summary.ts";
import { userCommand } from "./user.ts";
import { workerCommand } from "./worker.ts";

/** The whole command line, `ltb`. Wrong usage and `--help` end as a CommanderError. */
export function createProgram(): Command {
  const program = new Command("ltb")
    .description(
      "Keeps the benchmarks, evaluations and jobs of an LLM test bench in PostgreSQL, and serves them over gRPC, Connect, gRPC-Web and JSON.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or a command's")
    .exitOverride()
    // Errors are shown in one place, by `run`, as text or JSON.
    .configureOutput({ outputError: () => undefined });
  program.commandsGroup("Service:");
  serveCommand(program);
  migrateCommand(program);
  backupCommand(program);
  restoreCommand(program);
  doctorCommand(program);
  program.commandsGroup("Data:");
  demoCommand(program);
  importCommand(program);
  summaryCommand(program);
  compareCommand(program);
  leaderboardCommand(program);
  exportCommand(program);
  benchmarkCommand(program);
  evaluationCommand(program);
  program.commandsGroup("Jobs:");
  jobCommand(program);
  limitCommand(program);
  workerCommand(program);
  program.commandsGroup("Users:");
  userCommand(program);
  keyCommand(program);
  program.commandsGroup("About a running service:");
  auditCommand(program);
  statsCommand(program);
  infoCommand(program);
  grpcurlCommand(program);
  cleanupCommand(program);
  program.helpCommand(false);
  program.commandsGroup("Shell:");
  completeCommand(program);
  return program.addHelpText(
    "after",
    `
Start:
  ltb serve                       a service with its own database in ./.ltb
  ltb demo                        a complete workflow on a small sample: jobs, workers, results
  ltb import logs/run.eval        your own results
  ltb summary my-benchmark        mean, confidence interval and percentiles of every metric
  ltb compare main candidate      which is better, by how much, and whether it is more than chance

Exit codes: 0 done, 1 failed, 2 wrong usage. Each command has examples: ltb COMMAND --help`,
  );
}
