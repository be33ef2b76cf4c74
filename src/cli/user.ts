import type { Command } from "commander";
import { addCommands } from "./shared/commands.ts";

export async function addCommand(program: Command, args: readonly string[]): Promise<void> {
  const user = program
    .command("user")
    .summary("create, list and change users")
    .description(
      "Creates, lists, changes and deletes users, and sets their passwords. Most of it takes role admin.",
    );
  await addCommands(user, args, {
    "Commands:": {
      create: () => import("./user/create.ts"),
      list: () => import("./user/list.ts"),
      show: () => import("./user/show.ts"),
      update: () => import("./user/update.ts"),
      password: () => import("./user/password.ts"),
      delete: () => import("./user/delete.ts"),
    },
  });
}
