import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { type AuditEntry, recordAudit } from "../audit/record.ts";
import { currentOrigin, currentSignal } from "../call-scope.ts";
import { Gate } from "../database/connection/gate.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { type JsonObject, parseInput } from "../validation.ts";
import * as input from "./input.ts";
import { checkPassword, hashPassword } from "./passwords/hash.ts";
import type { User } from "./rows.ts";
import { beginCodeSession, findCode, insertSession } from "./session-statements.ts";
import { credentialsByEmail, getUser, type StoredCredentials } from "./statements.ts";
import { throttle } from "./throttle.ts";
import { isSameHash, newSessionToken, parseCode } from "./tokens.ts";

/** A new session. */
export interface Login {
  /** The token, which is shown once and stored nowhere. */
  token: string;
  sessionId: string;
  expiresAt: string;
  user: User;
}

// Only a part of the pool may serve logins, since strangers can make any number of them.
const gate = new Gate(limits.logins, {
  maxWaiting: limits.loginsWaiting,
  maxWaitMs: limits.passwordWaitMs,
  refusal: (why) => {
    const message = `too many logins at once: ${why}`;
    return new ServiceError(Code.ResourceExhausted, "OVERLOADED", message, { retryAfterMs: 1_000 });
  },
});

/** An attempt to log in. */
interface Attempt {
  /** Undefined: no user is meant. */
  readonly userId: string | undefined;
  /** What was given for the user. */
  readonly name: string;
  /** Begins the session if the caller is the user. */
  prove(): Promise<Login | undefined>;
}

/** Begins a session. @throws UNAUTHENTICATED, the same in every case and after the same time */
export async function login(db: Executor, given: input.Credentials): Promise<Login> {
  const { email, password, address } = parseInput(input.credentials, given);
  const find = async () => {
    const found = await db.maybeOne(credentialsByEmail(email));
    return { userId: found?.id, name: email, prove: () => proveCaller(db, found, password) };
  };
  return begin(db, find, address, "email or password is wrong, or the user may not log in");
}

/** Begins a session by a code, which is used up by that. @throws UNAUTHENTICATED, in the same way */
export async function loginByCode(db: Executor, given: z.input<typeof input.codeLogin>): Promise<Login> {
  const { code, address } = parseInput(input.codeLogin, given);
  const find = async () => {
    const parsed = parseCode(code);
    const found = parsed && (await db.maybeOne(findCode(parsed.id)));
    if (!found || !isSameHash(found.hash, parsed.hash))
      return { userId: undefined, name: code, prove: async () => undefined };
    const { userId, apiKeyId } = found;
    return { userId, name: code, prove: () => useCode(db, parsed.id, userId, apiKeyId) };
  };
  return begin(db, find, address, "the code is wrong, was used or is over, or its user may not log in");
}

async function begin(
  db: Executor,
  find: () => Promise<Attempt>,
  address: string | undefined,
  refusal: string,
): Promise<Login> {
  const started = performance.now();
  const session = await gate.pass(async () => attempt(db, await find(), address), currentSignal());
  if (!session) {
    // Checking an imported hash takes another time than checking ours.
    await sleep(Math.max(0, limits.loginFailureMs - (performance.now() - started)));
    throw new ServiceError(Code.Unauthenticated, "INVALID_CREDENTIALS", refusal);
  }
  return session;
}

async function attempt(
  db: Executor,
  { userId, name, prove }: Attempt,
  address: string | undefined,
): Promise<Login | undefined> {
  // The account is identified by its id, because there are several ways to write one email.
  const session = await throttle(db, userId ?? name, address, prove);
  // This is not a part of the proof, whose attempt would be taken back if this failed. The typed email is not
  // stored, because it may be a password.
  if (!session)
    await recordAudit(db, [{ action: "login_failed", entityType: "user", entityId: userId ?? null }]);
  return session;
}

/** Begins a session if the password is right and the user is active. All other cases take the same path. */
async function proveCaller(
  db: Executor,
  found: StoredCredentials | null,
  password: string,
): Promise<Login | undefined> {
  const usable = found?.active ? found : undefined;
  const { matches, outdated } = await checkPassword(password, usable?.passwordHash);
  if (!usable || !matches) return undefined;
  const { id: userId, passwordHash } = usable;
  const { id: sessionId, hash: tokenHash, text: token } = newSessionToken();
  const newPasswordHash = outdated ? await hashPassword(password) : undefined;
  const passwords = { passwordHash, newPasswordHash };
  const row = { id: sessionId, userId, tokenHash, hours: limits.sessionHours, ...passwords };
  return db.transaction(async (transaction) => {
    const session = await transaction.maybeOne(insertSession(row));
    const user = session && (await transaction.maybeOne(getUser(userId)));
    if (!user) return undefined;
    await recordAudit(transaction, [loginEntry(user, { sessionId })]);
    return { token, sessionId, expiresAt: session.expiresAt, user };
  });
}

/** Makes the session of a code, unless the code, its key or its user is no longer good. */
function useCode(
  db: Executor,
  sessionId: string,
  userId: string,
  keyId: string | null,
): Promise<Login | undefined> {
  const { hash, text: token } = newSessionToken(sessionId);
  return db.transaction(async (transaction) => {
    const session = await transaction.maybeOne(beginCodeSession(sessionId, hash, limits.sessionHours));
    const user = session && (await transaction.maybeOne(getUser(userId)));
    if (!user) return undefined;
    await recordAudit(transaction, [loginEntry(user, { sessionId, byCodeOfKey: keyId })]);
    return { token, sessionId, expiresAt: session.expiresAt, user };
  });
}

/** Nobody is authenticated yet, so the actor is the user who logs in. */
function loginEntry({ id, username }: User, after: JsonObject): AuditEntry {
  const origin = { ...currentOrigin(), userId: id, actor: username };
  return { action: "login", entityType: "user", entityId: id, changes: { after }, origin };
}
