import { type Job, JobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";
import { note, print, printJson, toPlain } from "../shared/output.ts";
import { callUntilDone } from "../shared/pages.ts";
import { type FilterOptions, filterOf, withFilterOptions } from "./filter.ts";

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
    )
    .callService(cancel);
}

type CancelOptions = ServiceOptions & FilterOptions & { reason?: string };

async function cancel(client: ServiceClient, ids: string[], options: CancelOptions): Promise<void> {
  const { jobs } = client;
  const { reason = "" } = options;
  const filter = await filterOf(client, ids, options);
  if (filter === undefined)
    return forEachId(ids, options, {
      field: "jobs",
      work: async (id) => plainJob(await jobs.cancelJob({ id, reason })),
      done: (id) => `cancelled ${id}`,
    });
  let cancelled = 0;
  for await (const { affected } of callUntilDone(() => jobs.cancelJobs({ ...filter, reason })))
    cancelled += affected;
  if (options.json) printJson({ cancelled });
  else print(`cancelled ${cancelled} jobs`);
}

/** Adds `retry`. */
export function addRetry(job: Command): void {
  withFilterOptions(addServiceCommand(job, "retry"), ["failed", "cancelled"])
    .description(
      "Puts failed and cancelled jobs back into the queue, by id or all that match, with all their retries again.",
    )
    .argument("[id...]", "ids of the jobs")
    .examples(
      "ltb job retry 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb job retry --benchmark gsm8k --status failed",
    )
    .callService(retry);
}

async function retry(
  client: ServiceClient,
  ids: string[],
  options: ServiceOptions & FilterOptions,
): Promise<void> {
  const { jobs } = client;
  const filter = await filterOf(client, ids, options);
  if (filter === undefined)
    return forEachId(ids, options, {
      field: "jobs",
      work: async (id) => plainJob(await jobs.retryJob({ id })),
      done: (id) => `${id} is in the queue again`,
    });
  let [retried, skipped] = [0, 0];
  for await (const answer of callUntilDone(() => jobs.retryJobs(filter))) {
    retried += answer.affected;
    skipped += answer.skipped;
  }
  if (options.json) return printJson({ retried, skipped });
  print(`${retried} jobs are in the queue again`);
  const why = "another live job has their unique key, or their benchmark was deleted";
  if (skipped > 0) note(`note: ${skipped} were left as they are: ${why}`);
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
