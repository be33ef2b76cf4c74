import type { Command } from "commander";
import { UserRole } from "../../../gen/ltb/v1/user_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { type DirectOptions, onDatabase, withDirectOptions } from "../shared/direct.ts";
import { examples } from "../shared/examples.ts";
import { note, printJson } from "../shared/output.ts";
import { type PasswordOptions, readPassword, withPasswordOption } from "../shared/passwords.ts";
import { findStoredUser, findUser, userArgument } from "./find.ts";

interface Options extends ServiceOptions, DirectOptions, PasswordOptions {
  currentPasswordFile?: string;
}

export function addCommand(user: Command): void {
  const command = withServiceOptions(user.command("password"))
    .description(
      "Changes the password of a user, whose other sessions end. An admin sets that of another without knowing the present one.",
    )
    .argument("<user>", userArgument)
    .option(
      "--current-password-file <file>",
      "read the present password from a file instead of asking for it",
    );
  withDirectOptions(withPasswordOption(command))
    .addHelpText(
      "after",
      examples(
        ["ltb user password ada", ""],
        ["ltb user password root --database", "nobody knows it any more"],
      ),
    )
    .action(change);
}

async function change(text: string, options: Options): Promise<void> {
  const id = await (options.database ? direct(text, options) : byService(text, options));
  if (options.json) printJson({ changed: id });
  else note("The password is changed.");
}

async function byService(text: string, options: Options): Promise<string> {
  using client = createClient(options);
  const { users } = client;
  const [{ id }, { user: caller }] = [await findUser(users, text), await users.whoAmI({})];
  // Without authentication there is no caller, and nobody is asked.
  const mustKnow = caller && (caller.role !== UserRole.ADMIN || caller.id === id);
  const { currentPasswordFile: file } = options;
  const currentPassword = mustKnow
    ? await readPassword(file === undefined ? {} : { passwordFile: file }, { prompt: "Present password" })
    : "";
  const newPassword = await readNew(options);
  await users.changePassword({ id, currentPassword, newPassword });
  return id;
}

async function direct(text: string, options: Options): Promise<string> {
  const newPassword = await readNew(options);
  return onDatabase(options, async ({ users }) => {
    const { id } = await findStoredUser(users, text);
    await users.changePassword(id, { newPassword });
    return id;
  });
}

function readNew(options: Options): Promise<string> {
  return readPassword(options, { prompt: "New password", confirm: true });
}
