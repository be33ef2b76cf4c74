import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Page, type PageOptions, pageOf } from "../database/statement/page.ts";
import { alreadyExists, invalidField, requireFound, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { parseInput, parseLimit, uuid } from "../validation.ts";
import * as input from "./input.ts";
import * as statements from "./key-statements.ts";
import type { ApiKey } from "./rows.ts";
import { getUser, holdUser } from "./statements.ts";
import { newApiKey } from "./tokens.ts";

export interface MadeApiKey {
  apiKey: ApiKey;
  /** The key itself, which appears only here. Undefined in the answer to a repeated request. */
  secret: string | undefined;
}

export interface RotatedApiKey extends MadeApiKey {
  /** The key that was replaced, with its new expiry. */
  oldApiKey: ApiKey;
}

export interface RotateOptions {
  /** How long the old key keeps working: at most 30 days. Default: 0. */
  overlapMs?: number | undefined;
  /** Id of the user who rotates it. */
  createdBy?: string | undefined;
}

export type ApiKeyPage = Page<ApiKey, input.UserPosition>;

export async function createApiKey(
  db: Executor,
  given: input.NewApiKey,
  request?: RequestKey,
): Promise<MadeApiKey> {
  const key = parseInput(input.newApiKey, given);
  return runOnce(db, request, "CreateApiKey", key, {
    create: (part) =>
      part.transaction(async (transaction) => {
        const made = await insert(transaction, key);
        // The database judged it by its clock, which is the one that ends keys.
        if (!made.apiKey.active) throw invalidField("expires_at", "must be in the future");
        return made;
      }),
    // The secret is stored nowhere, so a repeated request gets none.
    remember: ({ apiKey }) => apiKey.id,
    recall: async (part, id) => ({ apiKey: await getApiKey(part, id), secret: undefined }),
  });
}

export async function getApiKey(db: Executor, id: string): Promise<ApiKey> {
  const key = parseInput(uuid, id, "id");
  return requireFound(await db.maybeOne(statements.getApiKey(key)), "api_key", key);
}

export async function listApiKeys(
  db: Executor,
  userId: string,
  options: PageOptions<input.UserPosition>,
): Promise<ApiKeyPage> {
  const limit = parseLimit(options.limit);
  const id = parseInput(uuid, userId, "user_id");
  requireFound(await db.maybeOne(getUser(id)), "user", id);
  return pageOf(await db.any(statements.listApiKeys(id, limit + 1, options.after)), limit);
}

export async function revokeApiKey(db: Executor, id: string): Promise<ApiKey> {
  const key = parseInput(uuid, id, "id");
  return db.transaction(async (transaction) => {
    const before = requireFound(await transaction.maybeOne(statements.lockApiKey(key)), "api_key", key);
    if (before.revokedAt !== null) return before;
    const revoked = await transaction.one(statements.revokeApiKey(key));
    const { userId, revokedAt } = revoked;
    const changes = { before: { revokedAt: null }, after: { revokedAt, userId } };
    await recordAudit(transaction, [{ action: "revoke", entityType: "api_key", entityId: key, changes }]);
    return revoked;
  });
}

export async function rotateApiKey(
  db: Executor,
  id: string,
  { overlapMs = 0, createdBy }: RotateOptions,
  request?: RequestKey,
): Promise<RotatedApiKey> {
  const key = parseInput(uuid, id, "id");
  const overlap = parseInput(input.overlapMs, overlapMs, "overlap");
  const body = { id: key, overlap };
  return runOnce(db, request, "RotateApiKey", body, {
    create: (part) => part.transaction((db) => rotate(db, key, overlap, createdBy)),
    remember: ({ apiKey }) => apiKey.id,
    recall: async (part, made) => {
      const apiKey = await getApiKey(part, made);
      return { apiKey, secret: undefined, oldApiKey: await getApiKey(part, key) };
    },
  });
}

async function rotate(db: Executor, id: string, overlapMs: number, createdBy: string | undefined) {
  const { userId } = requireFound(await db.maybeOne(statements.getApiKey(id)), "api_key", id);
  // The user is locked before its key, in the same order as by the deletion of a user.
  await db.maybeOne(holdUser(userId));
  const old = requireFound(await db.maybeOne(statements.lockApiKey(id)), "api_key", id);
  if (!old.active) throw inactive(old);
  const { name, scopes, expiresAt } = old;
  const made = await insert(db, { userId, name, scopes, expiresAt, createdBy, rotatedFrom: id });
  const oldApiKey = await db.one(statements.expireApiKey(id, overlapMs));
  const after = { expiresAt: oldApiKey.expiresAt, rotatedTo: made.apiKey.id };
  const changes = { before: { expiresAt }, after };
  await recordAudit(db, [{ action: "rotate", entityType: "api_key", entityId: id, changes }]);
  return { ...made, oldApiKey };
}

type NewKeyRow = z.output<typeof input.newApiKey> & { rotatedFrom?: string };

async function insert(db: Executor, key: NewKeyRow): Promise<MadeApiKey> {
  // The lock is held until the key exists, so that a deletion of its user revokes it too.
  requireFound(await db.maybeOne(holdUser(key.userId)), "user", key.userId);
  const { id: keyId, hash, text } = newApiKey();
  const row = { ...key, id: key.id ?? newId(), keyId, hash };
  const apiKey = await db.maybeOne(statements.insertApiKey(row));
  if (!apiKey) throw alreadyExists("api_key", row.id, `API key ${row.id}`);
  const { userId, name, scopes, expiresAt, rotatedFrom } = apiKey;
  const given = { ...(expiresAt !== null && { expiresAt }), ...(rotatedFrom !== null && { rotatedFrom }) };
  const changes = { after: { userId, name, scopes, ...given } };
  await recordAudit(db, [{ action: "create", entityType: "api_key", entityId: apiKey.id, changes }]);
  return { apiKey, secret: text };
}

function inactive({ id, revokedAt }: ApiKey): ServiceError {
  const state = revokedAt === null ? "expired" : "revoked";
  const message = `API key ${id} is ${state} and cannot be rotated: create a new one`;
  const metadata = { entity: "api_key", id };
  return new ServiceError(Code.FailedPrecondition, "KEY_INACTIVE", message, { metadata });
}
