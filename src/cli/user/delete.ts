import type { Command } from "commander";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { print, printable, printJson } from "../shared/output.ts";
import { findUser, userArgument } from "./find.ts";

export function addCommand(user: Command): void {
  withServiceOptions(user.command("delete"))
    .description(
      "Deletes a user: its sessions end and its API keys are revoked; what it made and its audit log stay. See update --deactivate.",
    )
    .argument("<user>", userArgument)
    .addHelpText("after", examples(["ltb user delete ada@example.com", ""]))
    .action(async (text: string, options: ServiceOptions) => {
      using client = createClient(options);
      const { id, username } = await findUser(client.users, text);
      await client.users.deleteUser({ id });
      if (options.json) printJson({ deleted: id });
      else print(`deleted ${printable(username)} (${id})`);
    });
}
