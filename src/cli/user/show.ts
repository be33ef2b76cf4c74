import type { Command } from "commander";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { findUser, needed, userArgument } from "./find.ts";
import { printUser } from "./print.ts";

export function addCommand(user: Command): void {
  withServiceOptions(user.command("show"))
    .description("Shows every field of a user; without an argument, of the one that the API key stands for.")
    .argument("[user]", userArgument)
    .addHelpText("after", examples(["ltb user show", "who am I?"], ["ltb user show ada@example.com", ""]))
    .action(show);
}

async function show(text: string | undefined, options: ServiceOptions): Promise<void> {
  using client = createClient(options);
  const { users } = client;
  printUser(
    text === undefined ? needed((await users.whoAmI({})).user) : await findUser(users, text),
    options,
  );
}
