import type { Command } from "commander";
import { WorkerSchema } from "../../../gen/ltb/v1/worker_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { CliError } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { pairs, plain, print, printJson } from "../shared/output.ts";
import { healthName, workerStatusName } from "./status.ts";

export function addCommand(worker: Command): void {
  withServiceOptions(worker.command("show"))
    .description("Shows every field of a worker.")
    .argument("<id>", "name of the worker")
    .addHelpText(
      "after",
      examples(["ltb worker show gpu-1", ""], ["ltb worker show gpu-1 --json | jq .load", ""]),
    )
    .action(show);
}

async function show(workerId: string, options: ServiceOptions): Promise<void> {
  using client = createClient(options);
  const { worker } = await client.workers.getWorker({ workerId });
  if (worker === undefined)
    throw new CliError("the service answered without the worker", { code: "INTERNAL" });
  const { metadata, ...fields } = plain(WorkerSchema, worker);
  if (options.json) return printJson({ ...fields, metadata: metadata ?? null });
  const given = metadata === null ? {} : { metadata: JSON.stringify(metadata) };
  print(pairs({ ...fields, status: workerStatusName(worker), health: healthName(worker), ...given }));
}
