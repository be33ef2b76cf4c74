import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";

export function addCommand(job: Command): void {
  addServiceCommand(job, "delete")
    .description("Deletes jobs that are not running, with their attempts. See ltb cleanup for old ones.")
    .argument("<id...>", "ids of the jobs")
    .examples("ltb job delete 01890a5d-ac96-774b-bcce-b302099a8057")
    .action(async (ids: string[], options: ServiceOptions) => {
      using client = createClient(options);
      const work = async (id: string) => {
        await client.jobs.deleteJob({ id });
        return id;
      };
      await forEachId(ids, options, { field: "deleted", work, done: (id) => `deleted ${id}` });
    });
}
