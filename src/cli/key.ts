import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Option } from "commander";
import { type ApiKey, ApiKeySchema } from "../../gen/ltb/v1/user_pb.ts";
import { toDuration } from "../wire/duration.ts";
import { createClient, type ServiceClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { type DirectOptions, onDatabase, withDirectOptions } from "./shared/direct.ts";
import { requireAnswer, UsageError } from "./shared/errors.ts";
import { forEachId } from "./shared/for-each-id.ts";
import { gatherValues, parseDuration, parseTime } from "./shared/options.ts";
import { formatMinute, note, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";
import { findStoredUser, findUser, userArgument } from "./user/find.ts";

export function addCommand(program: Command): void {
  const key = program
    .command("key")
    .summary("make, list, rotate and revoke API keys")
    .description("Makes, lists, rotates and revokes the API keys that callers authenticate by.");
  const creation = addServiceCommand(key, "create")
    .description(
      "Makes an API key and prints it, once, on standard output. Without a key to call by: --database --user NAME.",
    )
    .option("--user <user>", `whom it acts as: ${userArgument} (default: the caller)`)
    .option("--name <name>", "what it is for", "made by ltb")
    .option("--scope <scope>", "what to limit it to, such as jobs:read; may be given again", gatherValues)
    .option("--expires-in <duration>", "how long it works, such as 90d (default: for ever)", parseDuration)
    .addOption(
      new Option("--expires-at <time>", "until when it works").argParser(parseTime).conflicts("expiresIn"),
    );
  withDirectOptions(creation)
    .examples("ltb key create --user gpu-1 --name gpu-1 --scope jobs:work > gpu-1.key", [
      "DATABASE_URL=postgres://… ltb key create --user root --database",
      "the first one",
    ])
    .action(createKey);
  addServiceCommand(key, "list")
    .description("Lists the API keys of a user, newest first, revoked and expired ones included.")
    .option("--user <user>", `whose: ${userArgument} (default: the caller)`)
    .withLimit()
    .examples("ltb key list", "ltb key list --user gpu-1")
    .callService(listKeys);
  addServiceCommand(key, "rotate")
    .description("Makes a new API key in place of another and prints it, once, on standard output.")
    .argument("<id>", "id of the old key, as ltb key list shows it")
    .option(
      "--overlap <duration>",
      "how long the old key works on, up to 30d; 0: it ends at once",
      parseDuration,
      0,
    )
    .examples("ltb key rotate 01890a5d-ac96-774b-bcce-b302099a8057 --overlap 1d")
    .callService(async ({ users }, id: string, options: ServiceOptions & { overlap: number }) => {
      const overlap = durationFromMs(options.overlap);
      const { apiKey, secret } = await users.rotateApiKey({ id, overlap });
      printSecret(apiKey, secret, options);
    });
  addServiceCommand(key, "revoke")
    .description("Revokes API keys: within a second no server takes them any more. There is no way back.")
    .argument("<id...>", "ids of the keys, as ltb key list shows them")
    .option("--with-descendants", "also the keys that these have made, and so on: after a leak")
    .examples("ltb key revoke 01890a5d-ac96-774b-bcce-b302099a8057", [
      "ltb key revoke 01890a5d-ac96-774b-bcce-b302099a8057 --with-descendants",
      "it has leaked",
    ])
    .callService(revokeKeys);
}

interface CreateOptions extends ServiceOptions, DirectOptions {
  user?: string;
  name: string;
  scope?: string[];
  expiresIn?: number;
  expiresAt?: Date;
}

async function createKey(options: CreateOptions): Promise<void> {
  const { user, name, scope: scopes = [], expiresIn, expiresAt } = options;
  if (options.database) return direct();
  using client = createClient(options);
  const userId = user === undefined ? "" : (await findUser(client.users, user)).id;
  const { apiKey, secret } = await client.users.createApiKey({
    ...{ userId, name, scopes },
    ...(expiresAt && { expiresAt: timestampFromDate(expiresAt) }),
    ...(expiresIn !== undefined && { expiresIn: toDuration(expiresIn) }),
  });
  printSecret(apiKey, secret, options);

  async function direct(): Promise<void> {
    if (user === undefined)
      throw new UsageError("with --database there is no caller: say whom the key acts as with --user");
    const { apiKeyMessage } = await import("../users/messages.ts");
    const made = await onDatabase(options, async ({ users }) => {
      const { id: userId } = await findStoredUser(users, user);
      return users.createApiKey({
        ...{ userId, name, scopes },
        expiresAt: expiresAt?.toISOString(),
        expiresInMs: expiresIn === undefined ? undefined : Math.round(expiresIn),
      });
    });
    printSecret(create(ApiKeySchema, apiKeyMessage(made.apiKey)), made.secret ?? "", options);
  }
}

async function revokeKeys(
  { users }: ServiceClient,
  ids: string[],
  options: ServiceOptions & { withDescendants?: boolean },
): Promise<void> {
  const { withDescendants = false } = options;
  const made = new Map<string, number>();
  const work = async (id: string) => {
    const { descendantsRevoked } = await users.revokeApiKey({ id, withDescendants });
    made.set(id, descendantsRevoked);
    return id;
  };
  const done = (id: string) =>
    withDescendants ? `revoked ${id} and ${made.get(id)} keys that it made` : `revoked ${id}`;
  await forEachId(ids, options, { field: "revoked", work, done });
}

async function listKeys(
  { users }: ServiceClient,
  { user, ...options }: ServiceOptions & { user?: string; limit: number },
): Promise<void> {
  const userId = user === undefined ? "" : (await findUser(users, user)).id;
  await printList("apiKeys", options, {
    schema: ApiKeySchema,
    read: (page) => users.listApiKeys({ userId, ...page }),
    columns: [
      "id",
      "begins with",
      "name",
      "scopes",
      "state",
      "expires (UTC)",
      "last used (UTC)",
      "created (UTC)",
    ],
    row,
    things: "API keys",
  });
}

function row(key: ApiKey): string[] {
  const { id, prefix, name, scopes } = key;
  const times = [key.expiresAt, key.lastUsed, key.createdAt].map(formatMinute);
  return [id, prefix, name, scopes.join(", ") || "all", keyState(key), ...times];
}

/** Prints only the new key on stdout, here and never again. Everything else goes to stderr. */
function printSecret(apiKey: ApiKey | undefined, secret: string, { json }: { json?: boolean }): void {
  requireAnswer(apiKey, "key");
  if (json) {
    printJson({ api_key: toPlain(ApiKeySchema, apiKey), secret });
    return;
  }
  const { id, name, scopes, expiresAt } = apiKey;
  const may = scopes.length > 0 ? `, limited to ${scopes.join(", ")}` : "";
  const until = expiresAt ? `, until ${formatMinute(expiresAt)} UTC` : "";
  note(`API key "${oneLine(name)}" (${id})${may}${until}. It is shown only now:`);
  print(secret);
}

/** Whether a key can be used, in a word. */
function keyState({ active, revokedAt }: ApiKey): string {
  if (active) return "active";
  return revokedAt ? "revoked" : "expired";
}
