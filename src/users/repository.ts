import { recordAudit } from "../audit/record.ts";
import { type RequestKey, reused, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Page, type PageOptions, pageOf } from "../database/statement/page.ts";
import { requireFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Principal } from "../principal.ts";
import { parseInput, parseLimit, uuid } from "../validation.ts";
import * as input from "./input.ts";
import * as keys from "./keys.ts";
import { type Login, login, loginByCode } from "./login.ts";
import { checkPassword, hashPassword } from "./passwords/hash.ts";
import * as principals from "./principals.ts";
import type { ApiKey, User } from "./rows.ts";
import { deleteSession } from "./session-statements.ts";
import * as statements from "./statements.ts";
import type { Token } from "./tokens.ts";
import * as writes from "./write-users.ts";

export type UserPage = Page<User, input.UserPosition>;

type ListOptions = PageOptions<input.UserPosition>;

/** Users, their API keys and sessions: `db.users`. Its answers never contain a hash. */
export class UserRepository {
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
  }

  /**
   * Creates an active user.
   * @throws ALREADY_EXISTS for a taken id, email or username, or a request id of another body;
   * INVALID_ARGUMENT, also for a password against the policy; RESOURCE_EXHAUSTED if too many are being hashed
   */
  async create(given: input.NewUser, request?: RequestKey): Promise<User> {
    const { password, ...user } = parseInput(input.newUser, given);
    if (password !== undefined) writes.refuseBadPassword(password, user, "password");
    const passwordHash = password === undefined ? (user.passwordHash ?? "") : await hashPassword(password);
    const row = { ...user, id: user.id ?? newId(), passwordHash };
    // The stored fast hash of a request's body must not cover a password.
    const body = { ...user, hasPassword: password !== undefined };
    return runOnce(this.#db, request, "CreateUser", body, {
      create: (db) => writes.insertUser(db, row),
      remember: ({ id }) => id,
      recall: async (db, id) => {
        if (password !== undefined) {
          const stored = await db.maybeOne(statements.credentialsById(id));
          const { matches } = await checkPassword(password, stored?.passwordHash);
          if (!matches) throw reused(request?.requestId ?? "");
        }
        return new UserRepository(db).get(id);
      },
    });
  }

  /** @throws NOT_FOUND, also for a deleted user */
  async get(id: string): Promise<User> {
    const key = parseInput(uuid, id, "id");
    return requireFound(await this.#db.maybeOne(statements.getUser(key)), "user", key);
  }

  /** In any case. @throws NOT_FOUND */
  async getByEmail(email: string): Promise<User> {
    const key = parseInput(input.email, email, "email");
    return requireFound(await this.#db.maybeOne(statements.getUserByEmail(key)), "user", key);
  }

  /** In any case. @throws NOT_FOUND */
  async getByUsername(username: string): Promise<User> {
    const key = parseInput(input.username, username, "username");
    return requireFound(await this.#db.maybeOne(statements.getUserByUsername(key)), "user", key);
  }

  /** Reads one page of the users that match, newest first, including inactive ones. */
  async list(filter: input.UserFilter = {}, options: ListOptions = {}): Promise<UserPage> {
    const parsed = parseInput(input.userFilter, filter);
    const limit = parseLimit(options.limit);
    return pageOf(await this.#db.any(statements.listUsers(parsed, limit + 1, options.after)), limit);
  }

  /**
   * Changes the given fields. A new email is unverified by default; a user made inactive loses its sessions.
   * @throws NOT_FOUND, ALREADY_EXISTS for a taken email or username, ABORTED if the version differs,
   * FAILED_PRECONDITION if no active admin would be left
   */
  async update(
    id: string,
    changes: input.UserChanges,
    { expectedVersion }: { expectedVersion?: number | undefined } = {},
  ): Promise<User> {
    const key = parseInput(uuid, id, "id");
    return writes.updateUser(this.#db, key, parseInput(input.userChanges, changes), expectedVersion);
  }

  /**
   * Deletes a user: sessions end, keys are revoked, email and username become free. The row stays for audit.
   * @throws NOT_FOUND, FAILED_PRECONDITION if no active admin would be left
   */
  async delete(id: string): Promise<void> {
    await writes.deleteUser(this.#db, parseInput(uuid, id, "id"));
  }

  /**
   * Changes a password and ends the user's sessions, except `keepSessionId`.
   * @throws NOT_FOUND, PERMISSION_DENIED if `currentPassword` is given and wrong, INVALID_ARGUMENT for one
   * against the policy, RESOURCE_EXHAUSTED after too many wrong ones, ABORTED if it was changed meanwhile
   */
  async changePassword(id: string, given: input.PasswordChange): Promise<void> {
    const key = parseInput(uuid, id, "id");
    await writes.changePassword(this.#db, key, parseInput(input.passwordChange, given));
  }

  /** Notes that the user logged in now, by other means than `login`. Unknown users are ignored. */
  async updateLastLogin(id: string): Promise<void> {
    await this.#db.maybeOne(statements.updateLastLogin(parseInput(uuid, id, "id")));
  }

  async count(): Promise<number> {
    return (await this.#db.one(statements.countUsers())).count;
  }

  /**
   * Begins a session of 12 hours.
   * @throws UNAUTHENTICATED for a wrong password, an unknown, inactive or passwordless user alike;
   * RESOURCE_EXHAUSTED for too many attempts of this account or address, or too many logins at once
   */
  login(credentials: input.Credentials): Promise<Login> {
    return login(this.#db, credentials);
  }

  /** Begins a session by a code of `createLoginCode`, which is used up by that. @throws as `login` does */
  loginByCode(given: { code: string; address?: string | undefined }): Promise<Login> {
    return loginByCode(this.#db, given);
  }

  /**
   * Makes a code for a session of the user of a key: good once, for 10 minutes. The session ends with the key
   * at the latest.
   * @throws NOT_FOUND; PERMISSION_DENIED if the key has scopes; FAILED_PRECONDITION if it is revoked or
   * expired
   */
  createLoginCode(keyId: string): Promise<keys.LoginCode> {
    return keys.createLoginCode(this.#db, keyId);
  }

  /** Ends a session. Does nothing if it is over already. */
  async logout(sessionId: string): Promise<void> {
    const key = parseInput(uuid, sessionId, "session_id");
    await this.#db.transaction(async (db) => {
      const ended = await db.maybeOne(deleteSession(key));
      if (ended) await recordAudit(db, [{ action: "logout", entityType: "session", entityId: key }]);
    });
  }

  /**
   * Makes an API key. The answer holds the key itself, which is kept nowhere. It ends no later than the key
   * `createdByKey`.
   * @throws NOT_FOUND for the user; ALREADY_EXISTS if the id or request id was used for something else;
   * FAILED_PRECONDITION if the key `createdByKey` is revoked or expired
   */
  createApiKey(key: input.NewApiKey, request?: RequestKey): Promise<keys.MadeApiKey> {
    return keys.createApiKey(this.#db, key, request);
  }

  /** @throws NOT_FOUND */
  getApiKey(id: string): Promise<ApiKey> {
    return keys.getApiKey(this.#db, id);
  }

  /** Answers a page of a user's keys, newest first, also revoked and expired ones. @throws NOT_FOUND */
  async listApiKeys(userId: string, options: ListOptions = {}): Promise<keys.ApiKeyPage> {
    return keys.listApiKeys(this.#db, userId, options);
  }

  /** Revokes an API key; a revoked one stays as it is. @throws NOT_FOUND */
  revokeApiKey(id: string): Promise<ApiKey> {
    return keys.revokeApiKey(this.#db, id);
  }

  /**
   * Revokes the keys that a key has made, the keys that these have made, and so on. The key itself has to be
   * revoked before, or it goes on making others. @returns how many it revoked
   */
  revokeDescendants(id: string): Promise<number> {
    return keys.revokeDescendants(this.#db, id);
  }

  /**
   * Makes a new key in place of an old one, which works on for `overlapMs`, but not past its own expiry.
   * @throws NOT_FOUND, FAILED_PRECONDITION if the key is revoked or expired
   */
  rotateApiKey(
    id: string,
    options: keys.RotateOptions = {},
    request?: RequestKey,
  ): Promise<keys.RotatedApiKey> {
    return keys.rotateApiKey(this.#db, id, options, request);
  }

  /** Finds the principal of a token; undefined if it is unknown or ended, or its user is not active. */
  findPrincipal(token: Token): Promise<Principal | undefined> {
    return principals.findPrincipal(this.#db, token);
  }

  /** Reads by one statement those of the credentials that are still good, in their present state. */
  recheckPrincipals(ids: principals.CredentialIds): Promise<Principal[]> {
    return principals.recheckPrincipals(this.#db, ids);
  }

  /** Notes the use of credentials at `at` (epoch milliseconds), each at most once a minute. */
  touch(used: principals.UsedKeys): Promise<{ touched: number }> {
    return principals.touch(this.#db, used);
  }
}
