import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { RemoveStaleWorkersResponseSchema } from "../../../gen/ltb/v1/worker_service_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { duration } from "../shared/options.ts";
import { plain, print, printJson } from "../shared/output.ts";

export function addCommand(worker: Command): void {
  withServiceOptions(worker.command("remove-stale"))
    .description("Removes workers that have been silent for long. Jobs that they still hold are retried.")
    .requiredOption("--older-than <duration>", "silent for longer than this, such as 10m", duration)
    .addHelpText("after", examples(["ltb worker remove-stale --older-than 10m", ""]))
    .action(removeStale);
}

async function removeStale({ olderThan, ...options }: ServiceOptions & { olderThan: number }): Promise<void> {
  using client = createClient(options);
  const answer = await client.workers.removeStaleWorkers({ olderThan: durationFromMs(olderThan) });
  if (options.json) return printJson(plain(RemoveStaleWorkersResponseSchema, answer));
  print(`removed ${answer.removed} workers; ${answer.jobsRequeued} jobs are pending again`);
}
