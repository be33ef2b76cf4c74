import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { type AuditEntry, recordAudit } from "../audit/record.ts";
import { currentOrigin, currentSignal } from "../call-scope.ts";
import { Gate } from "../database/connection/gate.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseInput } from "../validation.ts";
import { type Credentials, credentials } from "./input.ts";
import { checkPassword, hashPassword } from "./passwords/hash.ts";
import type { User } from "./rows.ts";
import { insertSession } from "./session-statements.ts";
import { credentialsByEmail, getUser, type StoredCredentials } from "./statements.ts";
import { throttle } from "./throttle.ts";
import { newSessionToken } from "./tokens.ts";

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

/** Begins a session. @throws UNAUTHENTICATED, the same in every case and after the same time */
export async function login(db: Executor, input: Credentials): Promise<Login> {
  const given = parseInput(credentials, input);
  const started = performance.now();
  const session = await gate.pass(() => attempt(db, given), currentSignal());
  if (!session) {
    // Checking an imported hash takes another time than checking ours.
    await sleep(Math.max(0, limits.loginFailureMs - (performance.now() - started)));
    const message = "email or password is wrong, or the user may not log in";
    throw new ServiceError(Code.Unauthenticated, "INVALID_CREDENTIALS", message);
  }
  return session;
}

async function attempt(db: Executor, { email, password, address }: Credentials): Promise<Login | undefined> {
  const found = await db.maybeOne(credentialsByEmail(email));
  // The account is identified by its id, because there are several ways to write one email.
  const session = await throttle(db, found?.id ?? email, address, () => proveCaller(db, found, password));
  // This is not a part of the proof, whose attempt would be taken back if this failed. The typed email is not
  // stored, because it may be a password.
  if (!session)
    await recordAudit(db, [{ action: "login_failed", entityType: "user", entityId: found?.id ?? null }]);
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
    await recordAudit(transaction, [loginEntry(user, sessionId)]);
    return { token, sessionId, expiresAt: session.expiresAt, user };
  });
}

/** Nobody is authenticated yet, so the actor is the user who logs in. */
function loginEntry({ id, username }: User, sessionId: string): AuditEntry {
  const origin = { ...currentOrigin(), userId: id, actor: username };
  return { action: "login", entityType: "user", entityId: id, changes: { after: { sessionId } }, origin };
}
