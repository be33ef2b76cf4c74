import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { difference, recordAudit } from "../audit/record.ts";
import { toServiceError } from "../database/statement/errors.ts";
import type { Executor } from "../database/statement/executor.ts";
import { invalidField, requireFound, requireVersion, ServiceError } from "../errors.ts";
import type * as input from "./input.ts";
import { revokeApiKeysOf } from "./key-statements.ts";
import { checkPassword, hashPassword } from "./passwords/hash.ts";
import { type Account, passwordFault } from "./passwords/policy.ts";
import type { User } from "./rows.ts";
import { deleteSessionsOf } from "./session-statements.ts";
import * as statements from "./statements.ts";
import { throttle } from "./throttle.ts";

/** Inserts a user in one transaction. @throws ALREADY_EXISTS */
export function insertUser(db: Executor, row: Parameters<typeof statements.insertUser>[0]): Promise<User> {
  return db.transaction(async (transaction) => {
    const user = await explainTaken(row, () => transaction.one(statements.insertUser(row)));
    const changes = { after: auditFieldsOf(user) };
    await recordAudit(transaction, [{ action: "create", entityType: "user", entityId: user.id, changes }]);
    return user;
  });
}

/** The fields of a user that the audit trail records. */
function auditFieldsOf({ email, username, role, active, emailVerified, metadata }: User) {
  return { email, username, role, active, emailVerified, ...(metadata && { metadata }) };
}

/** Changes a user in one transaction. */
export function updateUser(
  db: Executor,
  id: string,
  changes: z.output<typeof input.userChanges>,
  expectedVersion: number | undefined,
): Promise<User> {
  const mayTakeAdmin = changes.active === false || (changes.role !== undefined && changes.role !== "admin");
  return db.transaction(async (transaction) => {
    const admins = mayTakeAdmin ? await transaction.any(statements.lockAdmins()) : [];
    const current = requireFound(await transaction.maybeOne(statements.lockUser(id)), "user", id);
    requireVersion("user", id, expectedVersion, current.version);
    if (mayTakeAdmin) refuseLastAdmin(admins, current);
    const write = () => transaction.one(statements.updateUser(id, changes));
    const updated = await explainTaken({ id, ...changes }, write);
    // A separate statement also sees a login that ended while this one waited for the row.
    if (changes.active === false) await transaction.any(deleteSessionsOf(id, null));
    const differing = difference(current, updated, ["updatedAt", "version", "lastLogin"]);
    const entry = { action: "update", entityType: "user", entityId: id, changes: differing } as const;
    await recordAudit(transaction, [entry]);
    return updated;
  });
}

/** Deletes a user in one transaction. */
export function deleteUser(db: Executor, id: string): Promise<void> {
  return db.transaction(async (transaction) => {
    const admins = await transaction.any(statements.lockAdmins());
    const current = requireFound(await transaction.maybeOne(statements.lockUser(id)), "user", id);
    refuseLastAdmin(admins, current);
    await transaction.any(statements.deleteUser(id));
    await transaction.any(deleteSessionsOf(id, null));
    const { revoked } = await transaction.one(revokeApiKeysOf(id));
    const changes = { before: auditFieldsOf(current), after: { apiKeysRevoked: revoked } };
    await recordAudit(transaction, [{ action: "delete", entityType: "user", entityId: id, changes }]);
  });
}

/** Changes a password, if the present one is right or not asked for. */
export async function changePassword(
  db: Executor,
  id: string,
  { currentPassword, newPassword, keepSessionId, address }: z.output<typeof input.passwordChange>,
): Promise<void> {
  const user = requireFound(await db.maybeOne(statements.credentialsById(id)), "user", id);
  refuseBadPassword(newPassword, user, "new_password");
  if (currentPassword !== undefined) {
    // Whoever has found an open session must not find the password by it.
    const prove = async () => (await checkPassword(currentPassword, user.passwordHash)).matches || undefined;
    if (!(await throttle(db, user.id, address, prove))) throw wrongPassword();
  }
  const passwordHash = await hashPassword(newPassword);
  await db.transaction(async (transaction) => {
    const write = statements.changePassword(id, user.passwordHash, passwordHash);
    if (!(await transaction.maybeOne(write))) throw changedMeanwhile(id);
    await transaction.any(deleteSessionsOf(id, keepSessionId ?? null));
    await recordAudit(transaction, [{ action: "change_password", entityType: "user", entityId: id }]);
  });
}

/** @throws INVALID_ARGUMENT if the password is against the policy */
export function refuseBadPassword(password: string, account: Account, field: string): void {
  const fault = passwordFault(password, account);
  if (fault !== undefined) throw invalidField(field, fault);
}

type Names = Pick<User, "id"> & { [Field in keyof Account]?: string | undefined };

/** Names the unique field of the user that is taken, if one is. */
async function explainTaken<T>({ id, email, username }: Names, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (thrown) {
    const error = toServiceError(thrown);
    if (!(error instanceof ServiceError) || error.code !== Code.AlreadyExists) throw thrown;
    const [, field = "id"] = /^users_(email|username)_/.exec(error.metadata.constraint ?? "") ?? [];
    const taken = field === "email" ? email : username;
    const name = field === "id" ? `user ${id}` : `a user with ${field} ${taken ?? ""}`;
    const facts = { metadata: { entity: "user", field }, cause: thrown };
    throw new ServiceError(Code.AlreadyExists, "ALREADY_EXISTS", `${name} exists already`, facts);
  }
}

function refuseLastAdmin(admins: readonly { id: string }[], { id }: User): void {
  if (admins.length !== 1 || admins[0]?.id !== id) return;
  const message = `user ${id} is the only active admin: make another user an admin first`;
  throw new ServiceError(Code.FailedPrecondition, "LAST_ADMIN", message, {
    metadata: { entity: "user", id },
  });
}

function changedMeanwhile(id: string): ServiceError {
  const message = `the password of user ${id} was changed by someone else meanwhile`;
  return new ServiceError(Code.Aborted, "CONFLICT", message, { metadata: { entity: "user", id } });
}

function wrongPassword(): ServiceError {
  return new ServiceError(Code.PermissionDenied, "WRONG_PASSWORD", "current_password is wrong", {
    violations: [{ field: "current_password", description: "is wrong" }],
  });
}
