import type { Command } from "commander";
import { createCommand } from "./key/create.ts";
import { listCommand } from "./key/list.ts";
import { revokeCommand } from "./key/revoke.ts";
import { rotateCommand } from "./key/rotate.ts";

export function keyCommand(program: Command): void {
  const key = program
    .command("key")
    .summary("make, list, rotate and revoke API keys")
    .description("Makes, lists, rotates and revokes the API keys that callers authenticate by.");
  createCommand(key);
  listCommand(key);
  rotateCommand(key);
  revokeCommand(key);
}
