import { longDeadline, type ServiceClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { UsageError } from "./shared/errors.ts";
import { findBenchmarkId } from "./shared/find-benchmark.ts";
import { parseWhole } from "./shared/options.ts";
import { print, printJson } from "./shared/output.ts";
import { callUntilDone } from "./shared/pages.ts";

interface Options extends ServiceOptions {
  jobsOlderThan?: number;
  evaluationsOlderThan?: number;
  auditOlderThan?: number;
  benchmark?: string;
}

export function addCommand(program: Command): void {
  const days = parseWhole(0, 36_500);
  addServiceCommand(program, "cleanup")
    .summary("delete what is old")
    .description(
      "Deletes jobs that ended long ago; their attempts stay, as part of the audit trail, and jobs that wait or run are never deleted. " +
        "Deletes evaluations that were stored long ago, whatever time an imported log gives them; their benchmarks stay, with counts and summaries of what is left. " +
        "Deletes entries of the audit trail with the attempts at jobs that are gone, as its chain records. A service can do all of it by itself: LTB_RETENTION_JOBS_DAYS and its kin.",
    )
    .option(
      "--jobs-older-than <days>",
      "jobs that ended more than this many days ago; 0: all that have ended",
      days,
    )
    .option(
      "--evaluations-older-than <days>",
      "evaluations stored more than this many days ago; 0: all of them",
      days,
    )
    .option(
      "--audit-older-than <days>",
      "entries of the audit trail made more than this many days ago, and attempts at jobs that are gone",
      parseWhole(1, 36_500),
    )
    .option(
      "--benchmark <benchmark>",
      "evaluations of this benchmark only: id, or name if only one benchmark has it",
    )
    .examples(
      "ltb cleanup --jobs-older-than 30",
      "ltb cleanup --evaluations-older-than 365",
      "ltb cleanup --jobs-older-than 30 --audit-older-than 400",
      ["ltb cleanup --evaluations-older-than 0 --benchmark smoke-test", "all evaluations of one benchmark"],
    )
    .callService(cleanup);
}

async function cleanup({ jobs, benchmarks, audit }: ServiceClient, options: Options): Promise<void> {
  const { jobsOlderThan, evaluationsOlderThan, auditOlderThan, benchmark } = options;
  if ([jobsOlderThan, evaluationsOlderThan, auditOlderThan].every((days) => days === undefined))
    throw new UsageError(
      "nothing to delete: give --jobs-older-than, --evaluations-older-than or --audit-older-than",
    );
  if (benchmark !== undefined && evaluationsOlderThan === undefined)
    throw new UsageError("--benchmark is for evaluations: give --evaluations-older-than");
  // Before anything goes, whether all of it can be found.
  const benchmarkId = await findBenchmarkId(benchmarks, benchmark, { only: true });
  const deleted: Record<string, number> = {};
  if (jobsOlderThan !== undefined)
    deleted.jobs_deleted = await all(() => jobs.cleanupJobs({ olderThanDays: jobsOlderThan }, longDeadline));
  if (evaluationsOlderThan !== undefined)
    deleted.evaluations_deleted = await all(() =>
      benchmarks.cleanupEvaluations({ olderThanDays: evaluationsOlderThan, benchmarkId }, longDeadline),
    );
  if (auditOlderThan !== undefined)
    deleted.audit_entries_deleted = await all(() =>
      audit.cleanupAuditLogs({ olderThanDays: auditOlderThan }),
    );
  if (options.json) return printJson(deleted);
  for (const [name, count] of Object.entries(deleted))
    print(`deleted ${count} ${name.replace("_deleted", "").replaceAll("_", " ")}`);
}

async function all(call: () => Promise<{ deleted: number | bigint; more: boolean }>): Promise<number> {
  let sum = 0;
  for await (const { deleted } of callUntilDone(call)) sum += Number(deleted);
  return sum;
}
