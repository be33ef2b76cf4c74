import type { Command } from "commander";
import { createCommand } from "./user/create.ts";
import { deleteCommand } from "./user/delete.ts";
import { listCommand } from "./user/list.ts";
import { passwordCommand } from "./user/password.ts";
import { showCommand } from "./user/show.ts";
import { updateCommand } from "./user/update.ts";

export function userCommand(program: Command): void {
  const user = program
    .command("user")
    .summary("create, list and change users")
    .description(
      "Creates, lists, changes and deletes users, and sets their passwords. Most of it takes role admin.",
    );
  createCommand(user);
  listCommand(user);
  showCommand(user);
  updateCommand(user);
  passwordCommand(user);
  deleteCommand(user);
}
