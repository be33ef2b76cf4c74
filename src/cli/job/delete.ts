import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";
import { print, printJson } from "../shared/output.ts";

export function addCommand(job: Command): void {
  addServiceCommand(job, "delete")
    .description("Deletes jobs that are not running, with their attempts. See ltb cleanup for old ones.")
    .argument("<id...>", "ids of the jobs")
    .examples("ltb job delete 01890a5d-ac96-774b-bcce-b302099a8057")
    .action(async (ids: string[], options: ServiceOptions) => {
      using client = createClient(options);
      const deleted = await forEachId(ids, options, async (id) => {
        await client.jobs.deleteJob({ id });
        if (!options.json) print(`deleted ${id}`);
        return id;
      });
      if (options.json) printJson({ deleted });
    });
}
