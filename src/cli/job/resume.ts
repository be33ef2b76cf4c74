import { createClient } from "../shared/client.ts";
import type { Command } from "../shared/command.ts";
import { laneOf, type Options, show, withLaneOptions } from "./pause.ts";

export function addCommand(job: Command): void {
  withLaneOptions(job.command("resume"))
    .description("Ends a pause made with the same options.")
    .examples("ltb job resume --limit-key openai/gpt-4")
    .action(async (options: Options) => {
      using client = createClient(options);
      const { lanes } = await client.jobs.resumeJobs(laneOf(options));
      show(lanes, options);
    });
}
