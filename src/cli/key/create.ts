import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { ApiKeySchema } from "../../../gen/ltb/v1/user_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { type DirectOptions, onDatabase, withDirectOptions } from "../shared/direct.ts";
import { CliError } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { duration, repeated, time } from "../shared/options.ts";
import { findStoredUser, findUser, userArgument } from "../user/find.ts";
import { printSecret } from "./print.ts";

interface Options extends ServiceOptions, DirectOptions {
  user?: string;
  name: string;
  scope?: string[];
  expiresIn?: number;
  expiresAt?: Date;
}

export function addCommand(key: Command): void {
  const command = withServiceOptions(key.command("create"))
    .description(
      "Makes an API key and prints it, once, on standard output. Without a key to call by: --database --user NAME.",
    )
    .option("--user <user>", `whom it acts as: ${userArgument} (default: the caller)`)
    .option("--name <name>", "what it is for", "made by ltb")
    .option("--scope <scope>", "what to limit it to, such as jobs:read; may be given again", repeated)
    .option("--expires-in <duration>", "how long it works, such as 90d (default: for ever)", duration)
    .addOption(
      new Option("--expires-at <time>", "until when it works").argParser(time).conflicts("expiresIn"),
    );
  withDirectOptions(command)
    .addHelpText(
      "after",
      examples(
        ["ltb key create --user gpu-1 --name gpu-1 --scope jobs:work > gpu-1.key", ""],
        ["DATABASE_URL=postgres://… ltb key create --user root --database", "the first one"],
      ),
    )
    .action(createKey);
}

async function createKey(options: Options): Promise<void> {
  const { user, name, scope = [], expiresIn, expiresAt } = options;
  const expiry = expiresAt ?? (expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn));
  if (options.database) return direct();
  using client = createClient(options);
  const userId = user === undefined ? "" : (await findUser(client.users, user)).id;
  const { apiKey, secret } = await client.users.createApiKey({
    userId,
    name,
    scopes: scope,
    ...(expiry && { expiresAt: timestampFromDate(expiry) }),
  });
  printSecret(apiKey, secret, options);

  async function direct(): Promise<void> {
    if (user === undefined)
      throw new CliError("with --database there is no caller: say whom the key acts as with --user", {
        usage: true,
      });
    const { apiKeyMessage } = await import("../../users/messages.ts");
    const made = await onDatabase(options, async ({ users }) => {
      const { id: userId } = await findStoredUser(users, user);
      return users.createApiKey({ userId, name, scopes: scope, expiresAt: expiry?.toISOString() });
    });
    printSecret(create(ApiKeySchema, apiKeyMessage(made.apiKey)), made.secret ?? "", options);
  }
}
