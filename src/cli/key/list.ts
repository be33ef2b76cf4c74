import type { Command } from "commander";
import { type ApiKey, ApiKeySchema } from "../../../gen/ltb/v1/user_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { count } from "../shared/options.ts";
import { minute, note, plain, print, printJson, table } from "../shared/output.ts";
import { collect, noteMore } from "../shared/pages.ts";
import { findUser, userArgument } from "../user/find.ts";
import { keyState } from "./print.ts";

interface Options extends ServiceOptions {
  user?: string;
  limit: number;
}

export function addCommand(key: Command): void {
  withServiceOptions(key.command("list"))
    .description("Lists the API keys of a user, newest first, revoked and expired ones included.")
    .option("--user <user>", `whose: ${userArgument} (default: the caller)`)
    .option("--limit <n>", "at most this many", count, 50)
    .addHelpText("after", examples(["ltb key list", ""], ["ltb key list --user gpu-1", ""]))
    .action(list);
}

async function list({ user, limit, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const userId = user === undefined ? "" : (await findUser(client.users, user)).id;
  const { items, more } = await collect(limit, async (page) => {
    const { apiKeys, nextPageToken } = await client.users.listApiKeys({ userId, ...page });
    return { items: apiKeys, nextPageToken };
  });
  if (options.json) return printJson({ api_keys: items.map((key) => plain(ApiKeySchema, key)), more });
  if (items.length === 0) return note("no API keys");
  const head = ["id", "begins with", "name", "scopes", "state", "expires", "last used", "created"];
  print(table(head, items.map(row)));
  noteMore(more, limit);
}

function row(key: ApiKey): string[] {
  const { id, prefix, name, scopes, expiresAt, lastUsed, createdAt } = key;
  const may = scopes.join(", ") || "all";
  return [id, prefix, name, may, keyState(key), minute(expiresAt), minute(lastUsed), minute(createdAt)];
}
