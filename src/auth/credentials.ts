import { isDeepStrictEqual } from "node:util";
import { withoutScope } from "../call-scope.ts";
import { Gate } from "../database/connection/gate.ts";
import type { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Principal } from "../principal.ts";
import type { CredentialIds, UsedKeys } from "../users/principals.ts";
import type { Token } from "../users/tokens.ts";
import { runWithin } from "../wait.ts";
import type { Bucket } from "./rate-limit.ts";
import { certificateUnknown, credentialRevoked, credentialUnchecked, credentialUnknown } from "./refusals.ts";

/** The questions to the database about credentials. */
export interface PrincipalSource {
  /** Answers undefined if the credential is unknown, revoked or expired, or its user is not active. */
  findPrincipal(token: Token): Promise<Principal | undefined>;
  /** Answers the same for the username of a client certificate. */
  findCertified(username: string): Promise<Principal | undefined>;
  /** Answers the principals that are still valid. Certified users have no `keyId` and `sessionId`. */
  recheck(ids: CredentialIds & { readonly userIds: readonly string[] }): Promise<readonly Principal[]>;
  /** Writes when keys were last used. Nobody asks that of sessions. */
  touch(used: UsedKeys): Promise<unknown>;
}

/** A credential that is known to be valid. */
export interface Credential {
  readonly key: string;
  principal: Principal;
  /** The origin that is written into what the principal changes. */
  actor: { readonly userId: string; readonly keyId?: string };
  /** Running calls of the credential. */
  running: number;
  /** The number of them that count as in progress. */
  inProgress: number;
  bucket: Bucket | undefined;
  /** Times of the last confirmation, the last use, and the last write of the use (`performance.now()`). */
  checkedAt: number;
  usedAt: number;
  touchedAt: number;
}

type Find = () => Promise<Principal | undefined>;

/** Hears of what the checks find. */
interface Listener {
  /** Ends the running calls of the credential. */
  onEnd(credential: Credential, reason: ServiceError): void;
  /** Called when its user's role, its scopes or its names have changed. */
  onChange(credential: Credential): void;
  /** Called after each check, with its failure; undefined if it worked. */
  onCheck(error: unknown): void;
}

/**
 * The credentials that this server knows, by the hash of their token. One statement every 500 ms checks all
 * again, so one that ends in the database ends on every server within a second, with its running calls. While
 * the database is down, credentials stay valid for some more seconds.
 */
export class Credentials {
  readonly #source: PrincipalSource;
  readonly #listener: Listener;
  readonly #known = new Map<string, Credential>();
  readonly #unknown = new Map<string, number>();
  readonly #pending = new Map<string, Promise<Credential>>();
  /** Only a part of the pool may look up tokens, since callers can make up any number of them. */
  readonly #gate = new Gate(limits.credentialLookups, {
    maxWaiting: limits.credentialLookupsWaiting,
    maxWaitMs: limits.credentialTimeoutMs,
  });
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #checking: Promise<void> | undefined;
  #isTouching = false;

  constructor(source: PrincipalSource, listener: Listener) {
    this.#source = source;
    this.#listener = listener;
  }

  /** Number of calls that wait for a look-up to begin. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /**
   * Finds the credential of a token, at once if it is known.
   * @throws UNAUTHENTICATED for an invalid one, UNAVAILABLE if that cannot be found out
   */
  ofToken(token: Token): Credential | Promise<Credential> {
    return this.#of(token.hash, () => this.#source.findPrincipal(token), credentialUnknown);
  }

  /** Finds the credential of the username that a client certificate names, in the same way. */
  ofCertificate(username: string): Credential | Promise<Credential> {
    // The key cannot be that of a token, because no hash has a colon.
    const find = () => this.#source.findCertified(username);
    return this.#of(`user:${username}`, find, () => certificateUnknown(username));
  }

  /** Stops the checks, and writes which keys were used. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#touch(0);
  }

  #of(key: string, find: Find, refusal: () => ServiceError): Credential | Promise<Credential> {
    const now = performance.now();
    const known = this.#known.get(key);
    if (known) {
      // The database was down, or this process was suspended.
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

  async #look(key: string, find: Find, refusal: () => ServiceError): Promise<Credential> {
    // The next check finds an end of the credential during the statement, so its begin counts.
    const now = performance.now();
    const principal = await ask(() => this.#gate.pass(find));
    if (!principal) {
      makeRoom(this.#unknown, limits.credentialsUnknown, () => true);
      this.#unknown.set(key, performance.now() + limits.credentialUnknownMs);
      throw refusal();
    }
    const times = { checkedAt: now, usedAt: now, touchedAt: Number.NEGATIVE_INFINITY };
    const use = { running: 0, inProgress: 0, bucket: undefined };
    const credential: Credential = { key, principal, actor: actorOf(principal), ...use, ...times };
    makeRoom(this.#known, limits.credentialsKnown, ({ running }) => running === 0);
    this.#known.set(key, credential);
    this.#arm();
    return credential;
  }

  #arm(pauseMs: number = limits.credentialCheckMs): void {
    if (this.#known.size === 0 || this.#closed) return;
    this.#timer ??= setTimeout(() => void this.#round(), pauseMs).unref();
  }

  async #round(): Promise<void> {
    const startedAt = performance.now();
    this.#forgetIdle(startedAt);
    await this.#check();
    void this.#touch(limits.credentialTouchMs);
    this.#timer = undefined;
    // The interval counts from start to start, so a slow check does not delay the later ones.
    this.#arm(Math.max(0, limits.credentialCheckMs - (performance.now() - startedAt)));
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
      if (principal.sessionId !== undefined) ids.sessionIds.push(principal.sessionId);
      else if (principal.keyId !== undefined) ids.keyIds.push(principal.keyId);
      else ids.userIds.push(principal.userId);
    }
    try {
      const good = await ask(() => this.#source.recheck(ids), { urgent: true });
      const byId = new Map(good.map((principal) => [idOf(principal), principal]));
      for (const credential of checked) this.#update(credential, byId.get(idOf(credential.principal)), now);
      this.#listener.onCheck(undefined);
    } catch (error) {
      this.#listener.onCheck(error);
      for (const credential of checked) {
        if (isOverdue(credential, performance.now())) this.#listener.onEnd(credential, credentialUnchecked());
      }
    }
  }

  #update(credential: Credential, now: Principal | undefined, at: number): void {
    const before = credential.principal;
    // A certificate names its user by username, so after a renaming it belongs to another user.
    const renamed = now && credential.key.startsWith("user:") && now.username !== before.username;
    if (!now || renamed) {
      this.#known.delete(credential.key);
      this.#listener.onEnd(credential, credentialRevoked());
      return;
    }
    credential.checkedAt = at;
    if (isDeepStrictEqual(before, now)) return;
    credential.principal = now;
    credential.actor = actorOf(now);
    this.#listener.onChange(credential);
  }

  #forgetIdle(now: number): void {
    for (const [key, { running, usedAt, touchedAt }] of this.#known) {
      // It is dropped only after its use is written.
      if (running === 0 && now - usedAt > limits.credentialIdleMs && touchedAt >= usedAt)
        this.#known.delete(key);
    }
  }

  /** Writes when keys were last used, each at most once in `everyMs`. */
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
      // The next round tries again; its check fails too, and is reported.
    } finally {
      this.#isTouching = false;
    }
  }
}

/** Asks on behalf of no call, with a time limit: a hanging connection must not stop the others' checks. */
function ask<T>(work: () => Promise<T>, { urgent = false } = {}): Promise<T> {
  const options = { urgent, late: credentialUnchecked };
  return withoutScope(() => runWithin(limits.credentialTimeoutMs, work, options));
}

function isOverdue({ checkedAt }: Credential, now: number): boolean {
  return now - checkedAt > limits.credentialOverdueMs;
}

function idOf({ keyId, sessionId, userId }: Principal): string {
  // A session may have the key of its code beside it.
  return sessionId ?? keyId ?? userId;
}

function actorOf({ userId, keyId }: Principal): Credential["actor"] {
  return keyId === undefined ? { userId } : { userId, keyId };
}

/** Drops the oldest droppable entry if there are too many. */
export function makeRoom<Value>(
  map: Map<string, Value>,
  most: number,
  mayGo: (value: Value) => boolean,
): void {
  if (map.size < most) return;
  const oldest = map.entries().find(([, value]) => mayGo(value));
  if (oldest) map.delete(oldest[0]);
}
