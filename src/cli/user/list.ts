import { type Command, Option } from "commander";
import { type User, UserRole, UserSchema } from "../../../gen/ltb/v1/user_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { count } from "../shared/options.ts";
import { minute, note, plain, print, printJson, table } from "../shared/output.ts";
import { collect, noteMore } from "../shared/pages.ts";
import { type RoleName, roleName, roleNames, roles } from "./role.ts";

interface Options extends ServiceOptions {
  role?: RoleName;
  active?: boolean;
  inactive?: boolean;
  limit: number;
}

export function addCommand(user: Command): void {
  withServiceOptions(user.command("list"))
    .description("Lists users, newest first.")
    .addOption(new Option("--role <role>", "only those with this role").choices(roleNames))
    .option("--active", "only those that are active")
    .addOption(new Option("--inactive", "only those that are not").conflicts("active"))
    .option("--limit <n>", "at most this many", count, 50)
    .addHelpText("after", examples(["ltb user list", ""], ["ltb user list --role admin --active", ""]))
    .action(list);
}

async function list({ role, active, inactive, limit, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const filter = {
    role: role === undefined ? UserRole.UNSPECIFIED : roles[role],
    ...((active || inactive) && { active: active === true }),
  };
  const { items, more } = await collect(limit, async (page) => {
    const { users, nextPageToken } = await client.users.listUsers({ ...filter, ...page });
    return { items: users, nextPageToken };
  });
  if (options.json) return printJson({ users: items.map((user) => plain(UserSchema, user)), more });
  if (items.length === 0) return note("no users");
  print(table(["id", "user name", "email", "role", "active", "last login", "created"], items.map(row)));
  noteMore(more, limit);
}

function row(user: User): string[] {
  const { id, username, email, active, lastLogin, createdAt } = user;
  return [id, username, email, roleName(user), active ? "yes" : "no", minute(lastLogin), minute(createdAt)];
}
