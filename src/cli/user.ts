import { create } from "@bufbuild/protobuf";
import { Option } from "commander";
import { type User, UserRole, UserRoleSchema, UserSchema } from "../../gen/ltb/v1/user_pb.ts";
import { wireEnum } from "../wire/enums.ts";
import { createClient, type ServiceClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { type DirectOptions, onDatabase, withDirectOptions } from "./shared/direct.ts";
import { UsageError } from "./shared/errors.ts";
import { given } from "./shared/options.ts";
import { formatFields, formatMinute, note, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { type PasswordOptions, readPassword, withPasswordOption } from "./shared/passwords.ts";
import { toPlain } from "./shared/plain.ts";
import { findStoredUser, findUser, requireUser, userArgument } from "./user/find.ts";

const userRole = wireEnum<typeof UserRole>(UserRoleSchema);

/** The roles by the names that people use. */
const roles = userRole.values;

type RoleName = keyof typeof roles;

const roleNames = Object.keys(roles) as RoleName[];

export function addCommand(program: Command): void {
  const user = program
    .command("user")
    .summary("create, list and change users")
    .description(
      "Creates, lists, changes and deletes users, and sets their passwords. Most of it takes role admin.",
    );
  const creation = addServiceCommand(user, "create")
    .description(
      "Creates a user and asks for its password. On a database that has no user yet: --database --role admin, then ltb key create --database.",
    )
    .argument("<username>", "its user name")
    .requiredOption("--email <address>", "its email address, which it logs in with")
    .choice("--role <role>", "what it may do", roleNames, "user")
    .option("--no-password", "it cannot log in and only uses API keys; for workers and programs");
  withDirectOptions(withPasswordOption(creation))
    .examples(
      "ltb user create ada --email ada@example.com",
      "ltb user create gpu-1 --email gpu-1@example.com --role worker --no-password",
      "pass show ltb | ltb user create ada --email ada@example.com --password-file -",
      [
        "DATABASE_URL=postgres://… ltb user create root --email root@example.com --role admin --database",
        "the first one",
      ],
    )
    .action(createUser);
  addServiceCommand(user, "list")
    .description("Lists users, newest first.")
    .choice("--role <role>", "only those with this role", roleNames)
    .option("--active", "only those that are active")
    .addOption(new Option("--inactive", "only those that are not").conflicts("active"))
    .withLimit()
    .examples("ltb user list", "ltb user list --role admin --active")
    .callService(listUsers);
  addServiceCommand(user, "show")
    .description("Shows every field of a user; without an argument, of the one that the API key stands for.")
    .argument("[user]", userArgument)
    .examples(["ltb user show", "who am I?"], "ltb user show ada@example.com")
    .callService(async ({ users }, text: string | undefined, options: ServiceOptions) => {
      const found = text === undefined ? requireUser((await users.whoAmI({})).user) : findUser(users, text);
      printUser(await found, options);
    });
  addServiceCommand(user, "update")
    .description("Changes a user. What is not named stays as it is.")
    .argument("<user>", userArgument)
    .option("--email <address>", "new email address")
    .option("--username <name>", "new user name")
    .choice("--role <role>", "new role", roleNames)
    .option("--activate", "it may log in and use its keys again")
    .addOption(
      new Option("--deactivate", "it can do neither; its sessions end, its keys wait").conflicts("activate"),
    )
    .option("--email-verified", "the email address is known to be its own")
    .option("--no-email-verified", "the email address is not known to be its own")
    .examples("ltb user update ada --role admin", "ltb user update ada --deactivate")
    .callService(updateUser);
  const password = addServiceCommand(user, "password")
    .description(
      "Changes the password of a user, whose other sessions end. An admin sets that of another without knowing the present one.",
    )
    .argument("<user>", userArgument)
    .option(
      "--current-password-file <file>",
      "read the present password from a file instead of asking for it",
    );
  withDirectOptions(withPasswordOption(password))
    .examples("ltb user password ada", ["ltb user password root --database", "nobody knows it any more"])
    .action(changePassword);
  addServiceCommand(user, "delete")
    .description(
      "Deletes a user: its sessions end and its API keys are revoked; what it made and its audit log stay. See update --deactivate.",
    )
    .argument("<user>", userArgument)
    .examples("ltb user delete ada@example.com")
    .callService(async ({ users }, text: string, options: ServiceOptions) => {
      const { id, username } = await findUser(users, text);
      await users.deleteUser({ id });
      if (options.json) printJson({ deleted: id });
      else print(`deleted ${oneLine(username)} (${id})`);
    });
}

interface CreateOptions extends ServiceOptions, DirectOptions, PasswordOptions {
  email: string;
  role: RoleName;
  /** False by --no-password. */
  password: boolean;
}

async function createUser(username: string, options: CreateOptions): Promise<void> {
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
    return requireUser(user);
  }

  async function direct(): Promise<User> {
    const { userMessage } = await import("../users/messages.ts");
    const user = await onDatabase(options, ({ users }) => users.create({ username, email, role, password }));
    return create(UserSchema, userMessage(user));
  }
}

type ListOptions = ServiceOptions & { role?: RoleName; active?: boolean; inactive?: boolean; limit: number };

async function listUsers({ users }: ServiceClient, options: ListOptions): Promise<void> {
  const { role, active, inactive } = options;
  const filter = {
    role: role === undefined ? UserRole.UNSPECIFIED : roles[role],
    ...((active || inactive) && { active: active === true }),
  };
  await printList("users", options, {
    schema: UserSchema,
    read: (page) => users.listUsers({ ...filter, ...page }),
    columns: ["id", "user name", "email", "role", "active", "last login (UTC)", "created (UTC)"],
    row,
  });
}

function row(user: User): string[] {
  const { id, username, email, active } = user;
  const times = [user.lastLogin, user.createdAt].map(formatMinute);
  return [id, username, email, userRole.describe(user.role), active ? "yes" : "no", ...times];
}

interface UpdateOptions extends ServiceOptions {
  email?: string;
  username?: string;
  role?: RoleName;
  activate?: boolean;
  deactivate?: boolean;
  emailVerified?: boolean;
}

async function updateUser({ users }: ServiceClient, text: string, options: UpdateOptions): Promise<void> {
  const { email, username, role, activate, deactivate, emailVerified } = options;
  const changes = {
    ...given({ email, username, emailVerified, role: role && roles[role] }),
    ...((activate || deactivate) && { active: activate === true }),
  };
  if (Object.keys(changes).length === 0)
    throw new UsageError(
      "say what to change: --email, --username, --role, --activate, --deactivate, --email-verified",
    );
  const { id } = await findUser(users, text);
  const { user } = await users.updateUser({ id, ...changes });
  printUser(requireUser(user), options);
}

type PasswordChange = ServiceOptions & DirectOptions & PasswordOptions & { currentPasswordFile?: string };

async function changePassword(text: string, options: PasswordChange): Promise<void> {
  const id = await (options.database ? changeDirectly(text, options) : changeByService(text, options));
  if (options.json) printJson({ changed: id });
  else note("The password is changed.");
}

async function changeByService(text: string, options: PasswordChange): Promise<string> {
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

async function changeDirectly(text: string, options: PasswordChange): Promise<string> {
  const newPassword = await readNew(options);
  return onDatabase(options, async ({ users }) => {
    const { id } = await findStoredUser(users, text);
    await users.changePassword(id, { newPassword });
    return id;
  });
}

function readNew(options: PasswordChange): Promise<string> {
  return readPassword(options, { prompt: "New password", confirm: true });
}

/** Prints every field of a user. */
function printUser(user: User, { json }: { json?: boolean }): void {
  const { metadata = null, ...fields } = toPlain(UserSchema, user);
  const given = metadata ? { metadata: JSON.stringify(metadata) } : {};
  if (json) printJson({ ...fields, metadata });
  else print(formatFields({ ...fields, role: userRole.describe(user.role), ...given }));
}
