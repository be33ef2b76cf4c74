import type { Command } from "commander";
import { addCommands } from "./shared/commands.ts";

export async function addCommand(program: Command, args: readonly string[]): Promise<void> {
  const key = program
    .command("key")
    .summary("make, list, rotate and revoke API keys")
    .description("Makes, lists, rotates and revokes the API keys that callers authenticate by.");
  await addCommands(key, args, {
    "Commands:": {
      create: () => import("./key/create.ts"),
      list: () => import("./key/list.ts"),
      rotate: () => import("./key/rotate.ts"),
      revoke: () => import("./key/revoke.ts"),
    },
  });
}
