import type { UserRepository } from "../users/repository.ts";
import { parseToken } from "../users/tokens.ts";
import { adminKeyFile, readAdminKey, writeAdminKey } from "./admin-key.ts";

interface UserStore {
  readonly users: UserRepository;
  transaction<T>(work: (repositories: { readonly users: UserRepository }) => Promise<T>): Promise<T>;
}

/** How callers get in, as the banner of a started service shows it. */
export type FirstKeys =
  /** Nobody has to authenticate. */
  | { kind: "off" }
  /**
   * The file in the data folder has a key of this user. `made`: that key if it is new, to be shown once.
   * `codesBy`: its id, unless it is limited to scopes and makes no codes.
   */
  | {
      kind: "file";
      file: string;
      user: string;
      made: string | undefined;
      codesBy?: string | undefined;
    }
  /** By keys that are elsewhere. */
  | {
      kind: "elsewhere";
      /** Whether there is a user yet who could have a key. */
      anyUser: boolean;
      /** Some names of active admins. */
      admins: readonly string[];
      /** The file in the data folder, if it has a key that opens nothing here. */
      strangeFile: string | undefined;
    };

/** Finds out how callers get in. `made` is the key that was just written to the data folder. */
export async function findFirstKeys(
  { users }: UserStore,
  dataDir: string,
  made: string | undefined,
): Promise<FirstKeys> {
  const file = adminKeyFile(dataDir);
  const key = made ?? readAdminKey(dataDir);
  const token = key === undefined ? undefined : parseToken(key);
  const found = token && (await users.findPrincipal(token));
  if (found) {
    const codesBy = found.scopes.length === 0 ? found.keyId : undefined;
    return { kind: "file", file, user: found.username, made, codesBy };
  }
  const { items } = await users.list({ role: "admin", active: true }, { limit: 3 });
  return {
    kind: "elsewhere",
    anyUser: items.length > 0 || (await users.count()) > 0,
    admins: items.map(({ username }) => username),
    strangeFile: key === undefined ? undefined : file,
  };
}

/**
 * Makes user `admin` with an API key if there is no user yet, and stores the key in the data folder.
 * @returns the key, if one was made
 */
export async function makeFirstAdmin(store: UserStore, dataDir: string): Promise<string | undefined> {
  if ((await store.users.count()) > 0) return undefined;
  return makeAdminKey(store, dataDir, "made at the first start");
}

/** Makes an API key for an admin, for user `admin` if nobody is one, and stores it in the data folder. */
export function makeAdminKey(store: UserStore, dataDir: string, name: string): Promise<string> {
  return store.transaction(async ({ users }) => {
    const { items: admins } = await users.list({ role: "admin", active: true }, { limit: 100 });
    const admin =
      admins.find(({ username }) => username === "admin") ??
      admins[0] ??
      (await users.create({ username: "admin", email: "admin@localhost", role: "admin" }));
    const { secret } = await users.createApiKey({ userId: admin.id, name });
    if (secret === undefined) throw new Error("a new API key came without its secret");
    // The file is written before the commit, because a key that nobody has seen would keep everybody out.
    await writeAdminKey(dataDir, secret);
    return secret;
  });
}
