import type { Command } from "commander";
import { WorkerSchema } from "../../../gen/ltb/v1/worker_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { CliError } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { plain, print, printable, printJson } from "../shared/output.ts";

export function addCommand(worker: Command): void {
  withServiceOptions(worker.command("drain"))
    .description(
      "Stops a worker from getting new jobs. It finishes those it holds, and ends the drain by registering again.",
    )
    .argument("<id>", "name of the worker")
    .option("--reason <text>", "why; shown with the worker")
    .addHelpText("after", examples([`ltb worker drain gpu-1 --reason "new driver"`, ""]))
    .action(drain);
}

async function drain(
  workerId: string,
  { reason = "", ...options }: ServiceOptions & { reason?: string },
): Promise<void> {
  using client = createClient(options);
  const { worker } = await client.workers.drainWorker({ workerId, reason });
  if (worker === undefined)
    throw new CliError("the service answered without the worker", { code: "INTERNAL" });
  if (options.json) return printJson(plain(WorkerSchema, worker));
  print(`${printable(workerId)} gets no more jobs; it holds ${worker.currentTasks}`);
}
