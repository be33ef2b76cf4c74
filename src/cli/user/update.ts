import { type Command, Option } from "commander";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { CliError } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { findUser, needed, userArgument } from "./find.ts";
import { printUser } from "./print.ts";
import { type RoleName, roleNames, roles } from "./role.ts";

interface Options extends ServiceOptions {
  email?: string;
  username?: string;
  role?: RoleName;
  activate?: boolean;
  deactivate?: boolean;
  emailVerified?: boolean;
}

export function addCommand(user: Command): void {
  withServiceOptions(user.command("update"))
    .description("Changes a user. What is not named stays as it is.")
    .argument("<user>", userArgument)
    .option("--email <address>", "new email address")
    .option("--username <name>", "new user name")
    .addOption(new Option("--role <role>", "new role").choices(roleNames))
    .option("--activate", "it may log in and use its keys again")
    .addOption(
      new Option("--deactivate", "it can do neither; its sessions end, its keys wait").conflicts("activate"),
    )
    .option("--email-verified", "the email address is known to be its own")
    .option("--no-email-verified", "the email address is not known to be its own")
    .addHelpText(
      "after",
      examples(["ltb user update ada --role admin", ""], ["ltb user update ada --deactivate", ""]),
    )
    .action(update);
}

async function update(text: string, options: Options): Promise<void> {
  const { email, username, role, activate, deactivate, emailVerified } = options;
  const changes = {
    ...(email !== undefined && { email }),
    ...(username !== undefined && { username }),
    ...(role !== undefined && { role: roles[role] }),
    ...((activate || deactivate) && { active: activate === true }),
    ...(emailVerified !== undefined && { emailVerified }),
  };
  if (Object.keys(changes).length === 0)
    throw new CliError(
      "say what to change: --email, --username, --role, --activate, --deactivate, --email-verified",
      {
        usage: true,
      },
    );
  using client = createClient(options);
  const { id } = await findUser(client.users, text);
  const { user } = await client.users.updateUser({ id, ...changes });
  printUser(needed(user), options);
}
