import { create } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import { type User, UserSchema } from "../../../gen/ltb/v1/user_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { type DirectOptions, onDatabase, withDirectOptions } from "../shared/direct.ts";
import { examples } from "../shared/examples.ts";
import { type PasswordOptions, readPassword, withPasswordOption } from "../shared/passwords.ts";
import { needed } from "./find.ts";
import { printUser } from "./print.ts";
import { type RoleName, roleNames, roles } from "./role.ts";

interface Options extends ServiceOptions, DirectOptions, PasswordOptions {
  email: string;
  role: RoleName;
  /** False by --no-password. */
  password: boolean;
}

export function addCommand(user: Command): void {
  const command = withServiceOptions(user.command("create"))
    .description(
      "Creates a user and asks for its password. On a database that has no user yet: --database --role admin, then ltb key create --database.",
    )
    .argument("<username>", "its user name")
    .requiredOption("--email <address>", "its email address, which it logs in with")
    .addOption(new Option("--role <role>", "what it may do").choices(roleNames).default("user"))
    .option("--no-password", "it cannot log in and only uses API keys; for workers and programs");
  withDirectOptions(withPasswordOption(command))
    .addHelpText(
      "after",
      examples(
        ["ltb user create ada --email ada@example.com", ""],
        ["ltb user create gpu-1 --email gpu-1@example.com --role worker --no-password", ""],
        ["pass show ltb | ltb user create ada --email ada@example.com --password-file -", ""],
        [
          "DATABASE_URL=postgres://… ltb user create root --email root@example.com --role admin --database",
          "the first one",
        ],
      ),
    )
    .action(createUser);
}

async function createUser(username: string, options: Options): Promise<void> {
  const { email, role } = options;
  const password = options.password ? await readPassword(options, { confirm: true }) : undefined;
  printUser(await (options.database ? direct() : byService()), options);

  async function byService(): Promise<User> {
    using client = createClient(options);
    const { user } = await client.users.createUser({
      username,
      email,
      role: roles[role],
      ...(password !== undefined && { credential: { case: "password", value: password } }),
    });
    return needed(user);
  }

  async function direct(): Promise<User> {
    const { userMessage } = await import("../../users/messages.ts");
    const user = await onDatabase(options, ({ users }) => users.create({ username, email, role, password }));
    return create(UserSchema, userMessage(user));
  }
}
