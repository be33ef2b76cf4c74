import { type JobLimit, JobLimitSchema } from "../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer, UsageError } from "./shared/errors.ts";
import { given, parseWhole } from "./shared/options.ts";
import { formatTable, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";

type SetOptions = ServiceOptions & { maxRunning?: number; perMinute?: number };

const upToAMillion = parseWhole(0, 1_000_000);

export function addCommand(program: Command): void {
  const limit = program
    .command("limit")
    .summary("keep jobs within a quota")
    .description(
      "Limits the jobs that share a limit key, such as a provider's quota, exactly and across all workers and servers.",
    );
  addServiceCommand(limit, "set")
    .description("Sets the limit of a key, replacing a former one as a whole. Running jobs go on.")
    .argument("<key>", "as jobs name it, for example openai/gpt-4")
    .option(
      "--max-running <n>",
      "most jobs running at the same time; 0: none starts (default: no limit)",
      upToAMillion,
    )
    .option(
      "--per-minute <n>",
      "most jobs started in a minute; 0: none starts (default: no limit)",
      upToAMillion,
    )
    .examples("ltb limit set openai/gpt-4 --max-running 8 --per-minute 500")
    .callService(set);
  addServiceCommand(limit, "list")
    .description("Lists the limits by key, with the number of jobs running now.")
    .withLimit()
    .examples("ltb limit list")
    .callService(list);
  addServiceCommand(limit, "delete")
    .description("Removes the limit of a key, whose jobs are then unlimited.")
    .argument("<key>", "the key")
    .examples("ltb limit delete openai/gpt-4")
    .callService(remove);
}

async function set({ jobs }: ServiceClient, limitKey: string, options: SetOptions): Promise<void> {
  const { maxRunning, perMinute } = options;
  if (maxRunning === undefined && perMinute === undefined)
    throw new UsageError(
      "say how much: --max-running, --per-minute or both; ltb limit delete removes a limit",
    );
  const { limit } = await jobs.setJobLimit({ limitKey, ...given({ maxRunning, perMinute }) });
  requireAnswer(limit, "limit");
  if (options.json) printJson(toPlain(JobLimitSchema, limit));
  else print(formatTable(columns, [row(limit)]));
}

async function list({ jobs }: ServiceClient, options: ServiceOptions & { limit: number }): Promise<void> {
  await printList("limits", options, { schema: JobLimitSchema, read: jobs.listJobLimits, columns, row });
}

async function remove({ jobs }: ServiceClient, limitKey: string, options: ServiceOptions): Promise<void> {
  await jobs.deleteJobLimit({ limitKey });
  if (options.json) printJson({ deleted: limitKey });
  else print(`${oneLine(limitKey)} is unlimited`);
}

const columns = ["limit key", ">running", ">max running", ">per minute"];

function row({ limitKey, running, maxRunning, perMinute }: JobLimit) {
  return [limitKey, running, maxRunning ?? "-", perMinute ?? "-"];
}
