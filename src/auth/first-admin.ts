import type { Database } from "../storage.ts";
import { writeAdminKey } from "./admin-key.ts";

/**
 * Makes user `admin` with an API key where there is no user yet, and keeps the key in the data folder.
 * @returns the key, if one was made
 */
export async function makeFirstAdmin(database: Database, dataDir: string): Promise<string | undefined> {
  if ((await database.users.count()) > 0) return undefined;
  return database.transaction(async ({ users }) => {
    const admin = await users.create({ username: "admin", email: "admin@localhost", role: "admin" });
    const { secret } = await users.createApiKey({ userId: admin.id, name: "made at the first start" });
    if (secret === undefined) throw new Error("a new API key came without its secret");
    // Before the commit: a key that nobody has seen would keep everybody out.
    await writeAdminKey(dataDir, secret);
    return secret;
  });
}
