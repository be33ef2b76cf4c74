import { withoutScope } from "../call-scope.ts";
import { Gate } from "../database/connection/gate.ts";
import type { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Principal } from "../principal.ts";
import type { Token } from "../users/tokens.ts";
import { runWithin } from "../wait.ts";
import type { Bucket } from "./rate-limit.ts";
import { certificateUnknown, credentialRevoked, credentialUnchecked, credentialUnknown } from "./refusals.ts";

/** What is asked of the database about credentials. */
export interface PrincipalSource {
  /** Undefined if the credential is unknown, revoked or expired, or its user not active. */
  findPrincipal(token: Token): Promise<Principal | undefined>;
  /** The same for the username of a client certificate. */
  findCertified(username: string): Promise<Principal | undefined>;
  /** Those that are still good, as they are now. Certified users come without `keyId` and `sessionId`. */
  recheck(ids: {
    keyIds: readonly string[];
    sessionIds: readonly string[];
    userIds: readonly string[];
  }): Promise<readonly Principal[]>;
  /** Writes when keys were last used; of sessions nobody asks. */
  touch(used: { keyIds: readonly string[]; at: number }): Promise<unknown>;
}

/** A credential that is known to be good. */
export interface Credential {
  readonly key: string;
  principal: Principal;
  /** What is written into what the principal makes. */
  actor: { readonly userId: string; readonly keyId?: string };
  /** Calls that it has running. */
  running: number;
  /** Those of them that are counted as in progress. */
  inProgress: number;
  bucket: Bucket | undefined;
  /** When the database vouched for it last, when it was used last, and when that was written (`performance.now()`). */
  checkedAt: number;
  usedAt: number;
  touchedAt: number;
}

interface Told {
  /** Ends what the credential has running. */
  ended(credential: Credential, reason: ServiceError): void;
  /** Its user's role, its scopes or names are others now. */
  changed(credential: Credential): void;
  /** What a check failed with; undefined if it worked. */
  checked(error: unknown): void;
}

/**
 * The credentials that this server knows, by the hash of their token. All that are known are checked again by one statement every
 * 500 ms, so that whatever ends one in the database ends it, and the calls it has running, on every server within a second. While
 * the database is away they are good for some more seconds.
 */
export class Credentials {
  readonly #source: PrincipalSource;
  readonly #told: Told;
  readonly #known = new Map<string, Credential>();
  readonly #unknown = new Map<string, number>();
  readonly #pending = new Map<string, Promise<Credential>>();
  /** Tokens that nobody issued are searched for by a part of the pool only. */
  readonly #gate = new Gate(limits.credentialLookups, {
    maxWaiting: limits.credentialLookupsWaiting,
    maxWaitMs: limits.credentialTimeoutMs,
  });
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #checking: Promise<void> | undefined;
  #isTouching = false;

  constructor(source: PrincipalSource, told: Told) {
    this.#source = source;
    this.#told = told;
  }

  /** Calls that wait for a look-up to begin. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /**
   * The credential of a token, at once if it is known.
   * @throws UNAUTHENTICATED for one that is not good, UNAVAILABLE if that cannot be found out
   */
  ofToken(token: Token): Credential | Promise<Credential> {
    return this.#of(token.hash, () => this.#source.findPrincipal(token), credentialUnknown);
  }

  /** The same for the username that a client certificate names. */
  ofCertificate(username: string): Credential | Promise<Credential> {
    // No hash of a token has a colon.
    const find = () => this.#source.findCertified(username);
    return this.#of(`user:${username}`, find, () => certificateUnknown(username));
  }

  /** Checks no more; notes what was used. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#touch(0);
  }

  #of(
    key: string,
    find: () => Promise<Principal | undefined>,
    refusal: () => ServiceError,
  ): Credential | Promise<Credential> {
    const now = performance.now();
    const known = this.#known.get(key);
    if (known) {
      // The database was away, or this process was suspended.
      if (isOverdue(known, now)) return this.#afterCheck(known, refusal);
      known.usedAt = now;
      return known;
    }
    const until = this.#unknown.get(key);
    if (until !== undefined) {
      if (until > now) throw refusal();
      this.#unknown.delete(key);
    }
    let pending = this.#pending.get(key);
    if (!pending) {
      pending = this.#look(key, find, refusal).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    return pending;
  }

  async #afterCheck(credential: Credential, refusal: () => ServiceError): Promise<Credential> {
    await this.#check();
    if (this.#known.get(credential.key) !== credential) throw refusal();
    if (isOverdue(credential, performance.now())) throw credentialUnchecked();
    return credential;
  }

  async #look(
    key: string,
    find: () => Promise<Principal | undefined>,
    refusal: () => ServiceError,
  ): Promise<Credential> {
    // Vouched for as of before the statement: what ends it meanwhile is found by the next check.
    const now = performance.now();
    const principal = await ask(() => this.#gate.pass(find));
    if (!principal) {
      makeRoom(this.#unknown, limits.credentialsUnknown, () => true);
      this.#unknown.set(key, performance.now() + limits.credentialUnknownMs);
      throw refusal();
    }
    const credential: Credential = {
      key,
      principal,
      actor: actorOf(principal),
      running: 0,
      inProgress: 0,
      bucket: undefined,
      checkedAt: now,
      usedAt: now,
      touchedAt: Number.NEGATIVE_INFINITY,
    };
    makeRoom(this.#known, limits.credentialsKnown, ({ running }) => running === 0);
    this.#known.set(key, credential);
    this.#arm();
    return credential;
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.#round(), limits.credentialCheckMs).unref();
  }

  async #round(): Promise<void> {
    const startedAt = performance.now();
    this.#forgetIdle(startedAt);
    await this.#check();
    void this.#touch(limits.credentialTouchMs);
    this.#timer = undefined;
    if (this.#known.size === 0 || this.#closed) return;
    // From start to start: a slow check delays none of the later ones.
    const pause = Math.max(0, limits.credentialCheckMs - (performance.now() - startedAt));
    this.#timer = setTimeout(() => void this.#round(), pause).unref();
  }

  #check(): Promise<void> {
    this.#checking ??= this.#checkAll(performance.now()).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #checkAll(now: number): Promise<void> {
    const checked = [...this.#known.values()];
    if (checked.length === 0) return;
    const ids = { keyIds: [] as string[], sessionIds: [] as string[], userIds: [] as string[] };
    for (const { principal } of checked) {
      if (principal.keyId !== undefined) ids.keyIds.push(principal.keyId);
      else if (principal.sessionId !== undefined) ids.sessionIds.push(principal.sessionId);
      else ids.userIds.push(principal.userId);
    }
    try {
      const good = await ask(() => this.#source.recheck(ids), { urgent: true });
      const byId = new Map(good.map((principal) => [idOf(principal), principal]));
      for (const credential of checked) this.#update(credential, byId.get(idOf(credential.principal)), now);
      this.#told.checked(undefined);
    } catch (error) {
      this.#told.checked(error);
      for (const credential of checked) {
        if (isOverdue(credential, performance.now())) this.#told.ended(credential, credentialUnchecked());
      }
    }
  }

  #update(credential: Credential, now: Principal | undefined, at: number): void {
    const before = credential.principal;
    // A certificate names its user by username: renamed, it is another's.
    const renamed = now && credential.key.startsWith("user:") && now.username !== before.username;
    if (!now || renamed) {
      this.#known.delete(credential.key);
      this.#told.ended(credential, credentialRevoked());
      return;
    }
    credential.checkedAt = at;
    if (isSame(before, now)) return;
    credential.principal = now;
    credential.actor = actorOf(now);
    this.#told.changed(credential);
  }

  #forgetIdle(now: number): void {
    for (const [key, { running, usedAt, touchedAt }] of this.#known) {
      // Not before its use is written.
      if (running === 0 && now - usedAt > limits.credentialIdleMs && touchedAt >= usedAt)
        this.#known.delete(key);
    }
  }

  /** Writes when keys were last used, each once in `everyMs` at most. */
  async #touch(everyMs: number): Promise<void> {
    if (this.#isTouching) return;
    const now = performance.now();
    const used = [...this.#known.values()].filter(
      ({ usedAt, touchedAt }) => usedAt > touchedAt && now - touchedAt >= everyMs,
    );
    const keyIds = used.flatMap(({ principal }) => principal.keyId ?? []);
    this.#isTouching = true;
    try {
      if (keyIds.length > 0) await ask(() => this.#source.touch({ keyIds, at: Date.now() }));
      for (const credential of used) credential.touchedAt = now;
    } catch {
      // Tried again with the next round, whose check fails too and is told of.
    } finally {
      this.#isTouching = false;
    }
  }
}

/** Asks on behalf of no call, and not for ever: a connection that hangs must not keep the others from being checked. */
function ask<T>(work: () => Promise<T>, { urgent = false } = {}): Promise<T> {
  const options = { urgent, late: credentialUnchecked };
  return withoutScope(() => runWithin(limits.credentialTimeoutMs, work, options));
}

function isOverdue({ checkedAt }: Credential, now: number): boolean {
  return now - checkedAt > limits.credentialOverdueMs;
}

function idOf({ keyId, sessionId, userId }: Principal): string {
  return keyId ?? sessionId ?? userId;
}

function actorOf({ userId, keyId }: Principal): Credential["actor"] {
  return keyId === undefined ? { userId } : { userId, keyId };
}

function isSame(a: Principal, b: Principal): boolean {
  return (
    a.role === b.role &&
    a.username === b.username &&
    a.userId === b.userId &&
    a.expiresAt === b.expiresAt &&
    a.scopes.length === b.scopes.length &&
    a.scopes.every((scope, index) => scope === b.scopes[index])
  );
}

/** Drops the oldest that may be dropped where there are too many. */
function makeRoom<Value>(map: Map<string, Value>, most: number, mayGo: (value: Value) => boolean): void {
  if (map.size < most) return;
  for (const [key, value] of map) {
    if (!mayGo(value)) continue;
    map.delete(key);
    return;
  }
}
