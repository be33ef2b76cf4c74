import type { Command } from "commander";
import { forEachId } from "../job/each.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { print, printJson } from "../shared/output.ts";

export function addCommand(key: Command): void {
  withServiceOptions(key.command("revoke"))
    .description("Revokes API keys: within a second no server takes them any more. There is no way back.")
    .argument("<id...>", "ids of the keys, as ltb key list shows them")
    .addHelpText("after", examples(["ltb key revoke 01890a5d-ac96-774b-bcce-b302099a8057", ""]))
    .action(async (ids: string[], options: ServiceOptions) => {
      using client = createClient(options);
      const revoked = await forEachId(ids, options, async (id) => {
        await client.users.revokeApiKey({ id });
        if (!options.json) print(`revoked ${id}`);
        return id;
      });
      if (options.json) printJson({ revoked });
    });
}
