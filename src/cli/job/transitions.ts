import { type Job, JobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";
import { note, print, printJson } from "../shared/output.ts";
import { callUntilDone } from "../shared/pages.ts";
import { toPlain } from "../shared/plain.ts";
import { type FilterOptions, filterOf, withEndedOptions, withFilterOptions } from "./filter.ts";

/** Adds `cancel`. */
export function addCancel(job: Command): void {
  withFilterOptions(addServiceCommand(job, "cancel"), ["pending", "running"])
    .description(
      "Cancels jobs that wait or run, by id or all that match. Whoever runs one is told to stop, and its result is refused.",
    )
    .argument("[id...]", "ids of the jobs")
    .option("--reason <text>", "why; kept as the error of the jobs")
    .examples(
      "ltb job cancel 01890a5d-ac96-774b-bcce-b302099a8057",
      [`ltb job cancel --benchmark gsm8k --reason "wrong prompt"`, "all that have not ended"],
      "ltb job cancel --type grade --status pending",
      ["ltb job cancel --type grade --dry-run", "how many that would be"],
    )
    .callService(cancel);
}

type CancelOptions = ServiceOptions & FilterOptions & { reason?: string };

async function cancel(client: ServiceClient, ids: string[], options: CancelOptions): Promise<void> {
  const { jobs } = client;
  const { reason = "", dryRun } = options;
  const filter = await filterOf(client, ids, options);
  if (filter === undefined)
    return forEachId(ids, options, {
      field: "jobs",
      work: async (id) => plainJob(await jobs.cancelJob({ id, reason, jsonFormat: JsonFormat.TEXT })),
      done: (id) => `cancelled ${id}`,
    });
  const sums = await changeAll(() => jobs.cancelJobs({ ...filter, reason }), options);
  if (options.json) return printJson({ cancelled: sums.affected, ...plainSums(sums, options) });
  print(dryRun ? `${countOf(sums)} would be cancelled` : `cancelled ${countOf(sums)}`);
  if (sums.skipped > 0)
    note(`note: ${sums.skipped} were left as they are: they have ended, or there are no such jobs`);
  noteOthers(sums);
}

interface Sums {
  affected: number;
  skipped: number;
  notPermitted: number;
  more: boolean;
}

/** Calls until all are done, or once where they are only counted. */
async function changeAll(call: () => Promise<Sums>, { dryRun }: FilterOptions): Promise<Sums> {
  if (dryRun) return call();
  let affected = 0;
  let last: Sums | undefined;
  for await (const answer of callUntilDone(call)) {
    affected += answer.affected;
    last = answer;
  }
  // Each call goes through all that match, so the last one has seen all that were left.
  return { skipped: 0, notPermitted: 0, more: false, ...last, affected };
}

const countOf = ({ affected, more }: Sums) => `${affected}${more ? " or more" : ""} jobs`;

function plainSums({ skipped, notPermitted, more }: Sums, { dryRun }: FilterOptions) {
  return { skipped, not_permitted: notPermitted, ...(dryRun && { dry_run: true, more }) };
}

function noteOthers({ notPermitted }: Sums): void {
  if (notPermitted > 0) note(`note: ${notPermitted} more match, which other users created`);
}

/** Adds `retry`. */
export function addRetry(job: Command): void {
  withEndedOptions(withFilterOptions(addServiceCommand(job, "retry"), ["failed", "cancelled"]))
    .description(
      "Puts failed and cancelled jobs back into the queue, by id or all that match, with all their retries again.",
    )
    .argument("[id...]", "ids of the jobs")
    .examples(
      "ltb job retry 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb job retry --benchmark gsm8k --status failed",
      [`ltb job retry --error "rate limit" --ended-after 2026-01-31 --dry-run`, "how many that would be"],
    )
    .callService(retry);
}

async function retry(
  client: ServiceClient,
  ids: string[],
  options: ServiceOptions & FilterOptions,
): Promise<void> {
  const { jobs } = client;
  const { dryRun } = options;
  const filter = await filterOf(client, ids, options);
  if (filter === undefined)
    return forEachId(ids, options, {
      field: "jobs",
      work: async (id) => plainJob(await jobs.retryJob({ id, jsonFormat: JsonFormat.TEXT })),
      done: (id) => `${id} is in the queue again`,
    });
  const sums = await changeAll(() => jobs.retryJobs(filter), options);
  if (options.json) return printJson({ retried: sums.affected, ...plainSums(sums, options) });
  print(`${countOf(sums)} ${dryRun ? "would be" : "are"} in the queue again`);
  const why = "another live job has their unique key, or their benchmark was deleted";
  if (sums.skipped > 0) note(`note: ${sums.skipped} were left as they are: ${why}`);
  noteOthers(sums);
}

/** A job as JSON; null where the answer left it out. */
function plainJob({ job }: { job?: Job | undefined }) {
  return job === undefined ? null : toPlain(JobSchema, job);
}

/** Adds `delete`. */
export function addDelete(job: Command): void {
  addServiceCommand(job, "delete")
    .description("Deletes jobs that are not running, with their attempts. See ltb cleanup for old ones.")
    .argument("<id...>", "ids of the jobs")
    .examples("ltb job delete 01890a5d-ac96-774b-bcce-b302099a8057")
    .callService(async ({ jobs }, ids: string[], options: ServiceOptions) => {
      const work = (id: string) => jobs.deleteJob({ id }).then(() => id);
      await forEachId(ids, options, { field: "deleted", work, done: (id) => `deleted ${id}` });
    });
}
