import type { UserRepository } from "../users/repository.ts";
import { writeAdminKey } from "./admin-key.ts";

interface UserStore {
  readonly users: UserRepository;
  transaction<T>(work: (repositories: { readonly users: UserRepository }) => Promise<T>): Promise<T>;
}

/**
 * Makes user `admin` with an API key if there is no user yet, and stores the key in the data folder.
 * @returns the key, if one was made
 */
export async function makeFirstAdmin(store: UserStore, dataDir: string): Promise<string | undefined> {
  if ((await store.users.count()) > 0) return undefined;
  return store.transaction(async ({ users }) => {
    const admin = await users.create({ username: "admin", email: "admin@localhost", role: "admin" });
    const { secret } = await users.createApiKey({ userId: admin.id, name: "made at the first start" });
    if (secret === undefined) throw new Error("a new API key came without its secret");
    // The file is written before the commit, because a key that nobody has seen would keep everybody out.
    await writeAdminKey(dataDir, secret);
    return secret;
  });
}
