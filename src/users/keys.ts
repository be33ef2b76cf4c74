import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { type AuditEntry, recordAudit } from "../audit/record.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Page, type PageOptions, pageOf } from "../database/statement/page.ts";
import { alreadyExists, invalidField, requireFound, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import { parseInput, parseLimit, uuid } from "../validation.ts";
import * as input from "./input.ts";
import * as statements from "./key-statements.ts";
import type { ApiKey } from "./rows.ts";
import { insertCode } from "./session-statements.ts";
import { getUser, holdUser } from "./statements.ts";
import { newApiKey, newLoginCode } from "./tokens.ts";

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
  /** Ids of the user who rotates it, and of the key that this user calls by: see `createApiKey`. */
  createdBy?: string | undefined;
  createdByKey?: string | undefined;
}

export type ApiKeyPage = Page<ApiKey, input.UserPosition>;

export async function createApiKey(
  db: Executor,
  given: input.NewApiKey,
  request?: RequestKey,
): Promise<MadeApiKey> {
  const key = parseInput(input.newApiKey, given);
  // A request is the same by whichever key its user repeats it.
  const { createdByKey: _, ...body } = key;
  return runOnce(db, request, "CreateApiKey", body, {
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

/** A code that Login takes once. */
export interface LoginCode {
  /** Secret; it is stored nowhere. */
  code: string;
  expiresAt: string;
}

export function createLoginCode(db: Executor, keyId: string): Promise<LoginCode> {
  const id = parseInput(uuid, keyId, "key_id");
  return db.transaction(async (transaction) => {
    const key = requireFound(await transaction.maybeOne(statements.holdApiKey(id)), "api_key", id);
    if (key.scopes.length > 0) throw refuseScopedCode(key.scopes);
    const { id: sessionId, hash: tokenHash, text: code } = newLoginCode();
    const row = { id: sessionId, keyId: id, tokenHash, minutes: limits.loginCodeMinutes };
    const made = await transaction.maybeOne(insertCode(row));
    if (!made) throw inactive(key, "makes no codes");
    const { userId, expiresAt } = made;
    const changes = { after: { userId, isCode: true, expiresAt } };
    await recordAudit(transaction, [
      { action: "create", entityType: "session", entityId: sessionId, changes },
    ]);
    return { code, expiresAt };
  });
}

function refuseScopedCode(scopes: readonly string[]): ServiceError {
  const message = `a session has no scopes, so a key that is limited to ${scopes.join(", ")} makes no code for one`;
  return new ServiceError(Code.PermissionDenied, "SCOPE_EXCEEDED", message, { metadata: { scopes: "" } });
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
    await recordRevoked(transaction, [revoked]);
    return revoked;
  });
}

export async function revokeDescendants(db: Executor, id: string): Promise<number> {
  const key = parseInput(uuid, id, "id");
  let all = 0;
  let found: number;
  do {
    found = await db.transaction(async (transaction) => {
      const batch = statements.revokeDescendants(key, limits.maintenanceBatchRows);
      const revoked = await transaction.any(batch);
      await recordRevoked(transaction, revoked);
      return revoked.length;
    });
    all += found;
    // A revoked key makes no more, but may have been making one until just now.
  } while (found > 0);
  return all;
}

async function recordRevoked(db: Executor, revoked: readonly ApiKey[]): Promise<void> {
  const entries = revoked.map(({ id, userId, revokedAt }): AuditEntry => {
    const changes = { before: { revokedAt: null }, after: { revokedAt, userId } };
    return { action: "revoke", entityType: "api_key", entityId: id, changes };
  });
  await recordAudit(db, entries);
}

export async function rotateApiKey(
  db: Executor,
  id: string,
  { overlapMs = 0, ...by }: RotateOptions,
  request?: RequestKey,
): Promise<RotatedApiKey> {
  const key = parseInput(uuid, id, "id");
  const overlap = parseInput(input.overlapMs, overlapMs, "overlap");
  const body = { id: key, overlap };
  return runOnce(db, request, "RotateApiKey", body, {
    create: (part) => part.transaction((db) => rotate(db, key, overlap, by)),
    remember: ({ apiKey }) => apiKey.id,
    recall: async (part, made) => {
      const apiKey = await getApiKey(part, made);
      return { apiKey, secret: undefined, oldApiKey: await getApiKey(part, key) };
    },
  });
}

type Maker = Pick<RotateOptions, "createdBy" | "createdByKey">;

async function rotate(db: Executor, id: string, overlapMs: number, by: Maker) {
  const { userId } = requireFound(await db.maybeOne(statements.getApiKey(id)), "api_key", id);
  // The user is locked before its key, in the same order as by the deletion of a user.
  await db.maybeOne(holdUser(userId));
  const old = requireFound(await db.maybeOne(statements.lockApiKey(id)), "api_key", id);
  if (!old.active) throw inactive(old, "cannot be rotated: create a new one");
  const { name, scopes, expiresAt } = old;
  const made = await insert(db, { userId, name, scopes, expiresAt, ...by, rotatedFrom: id });
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
  // A key that is being revoked makes no more keys, and none outlives it.
  const maker = key.createdByKey ? await db.maybeOne(statements.holdApiKey(key.createdByKey)) : null;
  if (maker && !maker.active) throw inactive(maker, "makes no more keys");
  const { id: keyId, hash, text } = newApiKey();
  const row = { ...key, id: key.id ?? newId(), notAfter: maker?.expiresAt ?? null, keyId, hash };
  const apiKey = await db.maybeOne(statements.insertApiKey(row));
  if (!apiKey) throw alreadyExists("api_key", row.id, `API key ${row.id}`);
  const { userId, name, scopes, expiresAt, rotatedFrom } = apiKey;
  const given = { ...(expiresAt !== null && { expiresAt }), ...(rotatedFrom !== null && { rotatedFrom }) };
  const changes = { after: { userId, name, scopes, ...given } };
  await recordAudit(db, [{ action: "create", entityType: "api_key", entityId: apiKey.id, changes }]);
  return { apiKey, secret: text };
}

function inactive({ id, revokedAt }: ApiKey, consequence: string): ServiceError {
  const state = revokedAt === null ? "expired" : "revoked";
  const message = `API key ${id} is ${state} and ${consequence}`;
  const metadata = { entity: "api_key", id };
  return new ServiceError(Code.FailedPrecondition, "KEY_INACTIVE", message, { metadata });
}
