import { type JobLimit, JobLimitSchema } from "../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer, UsageError } from "./shared/errors.ts";
import { given, parseWhole } from "./shared/options.ts";
import { formatTable, oneLine, print, printFields, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";

type SetOptions = ServiceOptions & { maxRunning?: number; perMinute?: number; tokensPerMinute?: number };

const upToAMillion = parseWhole(0, 1_000_000);
const upToABillion = parseWhole(0, 1_000_000_000);

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
    .option(
      "--tokens-per-minute <n>",
      "most tokens that jobs started in a minute are estimated to use (default: no limit)",
      upToABillion,
    )
    .examples(
      "ltb limit set openai/gpt-4 --max-running 8 --per-minute 500",
      "ltb limit set openai/gpt-4 --per-minute 60 --tokens-per-minute 100000",
    )
    .callService(set);
  addServiceCommand(limit, "get")
    .description("Shows the limit of a key, what counts of it now, and when more may start.")
    .argument("<key>", "the key")
    .examples("ltb limit get openai/gpt-4")
    .callService(get);
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
  const { maxRunning, perMinute, tokensPerMinute } = options;
  const limits = given({ maxRunning, perMinute, tokensPerMinute });
  if (Object.keys(limits).length === 0)
    throw new UsageError(
      "say how much: --max-running, --per-minute, --tokens-per-minute; ltb limit delete removes a limit",
    );
  const { limit } = await jobs.setJobLimit({ limitKey, ...limits });
  requireAnswer(limit, "limit");
  if (options.json) printJson(toPlain(JobLimitSchema, limit));
  else print(formatTable(columns, [row(limit)]));
}

async function get({ jobs }: ServiceClient, limitKey: string, options: ServiceOptions): Promise<void> {
  const { limit } = await jobs.getJobLimit({ limitKey });
  requireAnswer(limit, "limit");
  printFields(JobLimitSchema, limit, options, {
    max_running: limit.maxRunning ?? null,
    per_minute: limit.perMinute ?? null,
    tokens_per_minute: limit.tokensPerMinute ?? null,
  });
}

async function list({ jobs }: ServiceClient, options: ServiceOptions & { limit: number }): Promise<void> {
  await printList("limits", options, { schema: JobLimitSchema, read: jobs.listJobLimits, columns, row });
}

async function remove({ jobs }: ServiceClient, limitKey: string, options: ServiceOptions): Promise<void> {
  await jobs.deleteJobLimit({ limitKey });
  if (options.json) printJson({ deleted: limitKey });
  else print(`${oneLine(limitKey)} is unlimited`);
}

const columns = ["limit key", ">running", ">max running", ">per minute", ">tokens a minute"];

function row({ limitKey, running, maxRunning, perMinute, tokensPerMinute }: JobLimit) {
  return [limitKey, running, maxRunning ?? "-", perMinute ?? "-", tokensPerMinute ?? "-"];
}
