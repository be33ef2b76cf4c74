import { Code } from "@connectrpc/connect";
import type { DeniedCalls } from "../audit/denied-calls.ts";
import type { Origin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import { OutageLog } from "../outage-log.ts";
import type { Principal } from "../principal.ts";
import type { ClientCertificate } from "../rpc/tls/client-certificate.ts";
import type { UserRepository } from "../users/repository.ts";
import { addressBlock } from "../users/throttle.ts";
import { parseToken } from "../users/tokens.ts";
import { findCertified, recheckCertified, usernameOf } from "./certificates.ts";
import { type Credential, Credentials, makeRoom, type PrincipalSource } from "./credentials.ts";
import { Owners } from "./ownership.ts";
import type { Permission } from "./permissions.ts";
import { Bucket, type RateLimit } from "./rate-limit.ts";
import * as refusals from "./refusals.ts";

/** The mode of access. "off": everybody may do everything. */
export type AccessOptions =
  | { readonly auth: "off"; readonly limits?: Partial<CallLimits> }
  | {
      readonly auth: "required";
      readonly db: { readonly users: UserRepository; readonly executor: Executor };
      readonly denials?: Pick<DeniedCalls, "recordDenied"> | undefined;
      readonly limits?: Partial<CallLimits>;
    };

/** The part of a call that access needs. `Access` sets the last three fields. */
export interface IncomingCall {
  /** Full name of the method, for example `ltb.v1.BenchmarkService/CreateBenchmark`. */
  readonly method: string;
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly cookie: BrowserCookie | undefined;
  /** The reason why the call was stopped, if it was. */
  readonly stopReason: ServiceError | undefined;
  /** One value of the request's metadata; `name` in lower case. */
  header(name: string): string | undefined;
  principal: Principal | undefined;
  actor: Credential["actor"] | undefined;
  admission: Admission | undefined;
}

/** The cookie of the web console in a request: its own pages sent it, or others did, or there are two. */
export type BrowserCookie =
  | { readonly kind: "own"; readonly token: string }
  | { readonly kind: "foreign" }
  | { readonly kind: "several"; readonly name: string };

interface Host {
  readonly log: Log;
  /** Ends the running calls that `reasonOf` gives a reason for. */
  stopWhere(reasonOf: (call: IncomingCall) => ServiceError | undefined): void;
}

/** Admits calls: finds out who calls, whether the caller may, and whether there is room. */
export class Access {
  /** Undefined if everybody may do everything. */
  readonly owners: Owners | undefined;
  readonly #denials: Pick<DeniedCalls, "recordDenied"> | undefined;
  readonly #credentials: Credentials | undefined;
  readonly #room: Room;
  /** The rates of calls that need room but no credential, by address. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #open = { streams: new OpenCalls(), others: new OpenCalls() };

  constructor(options: AccessOptions, host: Host) {
    const most = Number.POSITIVE_INFINITY;
    this.#room = new Room({ maxCalls: most, maxCallsPerKey: most, rate: undefined, ...options.limits });
    if (options.auth === "off") return;
    const { users, executor } = options.db;
    this.owners = new Owners(executor);
    this.#denials = options.denials;
    const checks = new OutageLog(host.log, "credentials are checked again");
    this.#credentials = new Credentials(principalSource(users, executor), {
      onEnd: (credential, reason) =>
        host.stopWhere(({ admission }) => (admission?.credential === credential ? reason : undefined)),
      onChange: (credential) => host.stopWhere((call) => readmit(call, credential)),
      onCheck: (error) => {
        if (error === undefined) checks.works();
        else checks.failed({ err: error }, "credentials cannot be checked");
      },
    });
  }

  /**
   * Admits the call and notes its caller in it; at once if the credential is known.
   * @throws UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED that says what is missing
   */
  enter(call: IncomingCall, permission: Permission | undefined): Promise<void> | undefined {
    if (!permission) throw refusals.notPermitted(call.method);
    if (!this.#credentials) {
      call.admission = this.#room.admit(permission, undefined);
      return undefined;
    }
    const found = this.#identify(call, this.#credentials);
    if (found instanceof Promise) return found.then((late) => this.#admit(call, permission, late));
    this.#admit(call, permission, found);
    return undefined;
  }

  /**
   * Admits a call that needs no credential. Streams and other calls are counted apart, so that watches of
   * health keep nobody from logging in.
   */
  enterOpen(
    call: IncomingCall,
    { isStream, needsRoom }: { isStream: boolean; needsRoom: boolean },
  ): undefined {
    const block = addressBlock(call.ipAddress ?? "", 48);
    const leaveOpen = this.#open[isStream ? "streams" : "others"].admit(block);
    try {
      if (needsRoom) this.#meter(block);
      const admission = needsRoom ? this.#room.admit(undefined, undefined) : undefined;
      const leave = () => {
        leaveOpen();
        admission?.leave();
      };
      call.admission = { permission: undefined, credential: undefined, leave };
    } catch (error) {
      leaveOpen();
      throw error;
    }
  }

  #meter(block: string): void {
    const rate = { perSecond: limits.loginsPerSecond, burst: limits.loginsBurst };
    const now = performance.now();
    const bucket = this.#buckets.get(block) ?? new Bucket(rate, now);
    makeRoom(this.#buckets, limits.loginAddresses, () => true);
    this.#buckets.set(block, bucket);
    const waitMs = bucket.take(rate, now);
    if (waitMs > 0) throw refusals.addressLimited(rate.perSecond, waitMs);
  }

  /** Records a denial, if the error is one. */
  noteDenial(error: unknown, call: IncomingCall): void {
    if (error instanceof ServiceError && deniedCodes.includes(error.code))
      this.#denials?.recordDenied({ method: call.method, error, origin: originOf(call) });
  }

  /** The calls in progress, their limit, and the calls that wait for the look-up of their credential. */
  load(): { inProgress: number; maxCalls: number; waiting: number } {
    const { inProgress, maxCalls } = this.#room;
    return { inProgress, maxCalls, waiting: this.#credentials?.waiting ?? 0 };
  }

  async close(): Promise<void> {
    await this.#credentials?.close();
  }

  /** Looks up the `authorization` of the call or, without one, the console's cookie or client certificate. */
  #identify(call: IncomingCall, credentials: Credentials): Credential | Promise<Credential> {
    const text = tokenIn(call);
    if (text !== undefined) {
      const token = parseToken(text);
      if (!token) throw refusals.credentialMalformed();
      return credentials.ofToken(token);
    }
    const { clientCertificate, cookie } = call;
    if (!clientCertificate) throw cookie ? refusals.cookieForeign() : refusals.credentialMissing();
    const username = usernameOf(clientCertificate);
    if (username === undefined) throw refusals.certificateUnknown("");
    return credentials.ofCertificate(username);
  }

  #admit(call: IncomingCall, permission: Permission, credential: Credential): void {
    // The look-up took so long that nobody waits any more.
    if (call.stopReason) throw call.stopReason;
    call.principal = credential.principal;
    call.actor = credential.actor;
    const refusal = refusalOf(call, permission, credential.principal);
    if (refusal) throw refusal;
    call.admission = this.#room.admit(permission, credential);
  }
}

/** The text that should be a token: of the `authorization`, which decides, or of the console's cookie. */
function tokenIn(call: IncomingCall): string | undefined {
  const authorization = call.header("authorization");
  if (authorization !== undefined) return bearerOf(authorization) ?? "";
  const { cookie } = call;
  if (cookie?.kind === "several") throw refusals.cookieTwice(cookie.name);
  return cookie?.kind === "own" ? cookie.token : undefined;
}

const deniedCodes = [Code.Unauthenticated, Code.PermissionDenied];

/** The refusal that names what role or scopes lack; undefined if they suffice. */
function refusalOf({ method }: IncomingCall, { roles, scope }: Permission, principal: Principal) {
  const { role, scopes } = principal;
  if (role !== "admin" && !roles.includes(role)) return refusals.roleRequired(method, roles, principal);
  const isWithin = scope === undefined || scopes.length === 0 || scopes.includes(scope);
  return isWithin ? undefined : refusals.scopeRequired(method, scope, principal);
}

/** Lets a running call go on with the changed principal, if that principal may still make it. */
function readmit(call: IncomingCall, credential: Credential): ServiceError | undefined {
  const { admission } = call;
  if (admission?.credential !== credential || !admission.permission) return undefined;
  call.principal = credential.principal;
  call.actor = credential.actor;
  return refusalOf(call, admission.permission, credential.principal);
}

/** Whom the call counts for: its credential or, where it has none, the block of its address. */
export function callerOf({ admission, ipAddress }: IncomingCall): string {
  return admission?.credential?.key ?? addressBlock(ipAddress ?? "", 48);
}

/** The origin of the call's writes. It is a plain object, because it is copied and kept. */
export function originOf(call: IncomingCall): Origin {
  const { principal, ipAddress, userAgent, requestId } = call;
  if (!principal) return { ipAddress, userAgent, requestId };
  const { userId, keyId, username: actor } = principal;
  return { userId, keyId, actor, ipAddress, userAgent, requestId };
}

function principalSource(users: UserRepository, executor: Executor): PrincipalSource {
  return {
    findPrincipal: (token) => users.findPrincipal(token),
    findCertified: (username) => findCertified(executor, username),
    recheck: async ({ userIds, ...ids }) => {
      const issued = await users.recheckPrincipals(ids);
      return [...issued, ...(await recheckCertified(executor, userIds))];
    },
    touch: (used) => users.touch(used),
  };
}

/**
 * Reads the credential of an `authorization: Bearer <token>` (RFC 6750, section 2.1; the scheme in any case,
 * as in RFC 9110). Undefined for any other scheme or form.
 */
export function bearerOf(authorization: string): string | undefined {
  if (authorization.length > limits.authorizationLength) return undefined;
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
}

/** Limits of the calls that a server accepts at once. */
export interface CallLimits {
  /** Most calls in progress of all callers together; of those that wait for an event there may be more. */
  readonly maxCalls: number;
  /** The same for one credential. */
  readonly maxCallsPerKey: number;
  /** Rate of calls of one credential; undefined: any. */
  readonly rate: RateLimit | undefined;
}

/** An admitted call. */
export interface Admission {
  readonly permission: Permission | undefined;
  /** Undefined if callers need no credential. */
  readonly credential: Credential | undefined;
  /** Must be called at the end of the call. */
  leave(): void;
}

/** Counts calls that anybody may make: one address can neither hold much memory nor keep others out. */
class OpenCalls {
  readonly #ofAddress = new Map<string, number>();
  #running = 0;

  /** @returns what to call at the end of the call */
  admit(block: string): () => void {
    const running = this.#ofAddress.get(block) ?? 0;
    if (this.#running >= limits.openCalls) throw refusals.serverFull(limits.openCalls);
    if (running >= limits.openCallsOfAddress) throw refusals.tooManyOfAddress(running);
    this.#running++;
    this.#ofAddress.set(block, running + 1);
    return () => {
      this.#running--;
      const left = (this.#ofAddress.get(block) ?? 1) - 1;
      if (left > 0) this.#ofAddress.set(block, left);
      else this.#ofAddress.delete(block);
    };
  }
}

/** Counts the calls in progress. Those beyond the limits are refused at once: waiting would only age them. */
export class Room {
  readonly #limits: CallLimits;
  #inProgress = 0;
  #waiting = 0;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  get inProgress(): number {
    return this.#inProgress;
  }

  get maxCalls(): number {
    return this.#limits.maxCalls;
  }

  /** @throws RESOURCE_EXHAUSTED, with the time after which to try again */
  admit(permission: Permission | undefined, credential: Credential | undefined): Admission {
    if (credential) this.#meter(credential);
    const waits = permission?.waits === true;
    const refusal = waits ? this.#refusalToWait(credential) : this.#refusal(credential);
    if (refusal) throw refusal;
    this.#count(waits, credential, 1);
    return { permission, credential, leave: () => this.#count(waits, credential, -1) };
  }

  #count(waits: boolean, credential: Credential | undefined, by: 1 | -1): void {
    if (waits) this.#waiting += by;
    else this.#inProgress += by;
    if (!credential) return;
    credential.running += by;
    if (!waits) credential.inProgress += by;
  }

  #meter(credential: Credential): void {
    const { rate } = this.#limits;
    if (!rate) return;
    const now = performance.now();
    credential.bucket ??= new Bucket(rate, now);
    const waitMs = credential.bucket.take(rate, now);
    if (waitMs > 0) throw refusals.rateLimited(rate.perSecond, waitMs);
  }

  #refusal(credential: Credential | undefined): ServiceError | undefined {
    const { maxCalls, maxCallsPerKey } = this.#limits;
    if (this.#inProgress >= maxCalls) return refusals.serverFull(maxCalls);
    if (credential && credential.inProgress >= maxCallsPerKey) return refusals.tooManyOfKey(maxCallsPerKey);
    return undefined;
  }

  #refusalToWait(credential: Credential | undefined): ServiceError | undefined {
    const maxCalls = this.#limits.maxCalls * limits.waitingCallsFactor;
    const maxOfKey = this.#limits.maxCallsPerKey * limits.waitingCallsFactor;
    if (this.#waiting >= maxCalls) return refusals.serverFull(maxCalls);
    if (credential && credential.running - credential.inProgress >= maxOfKey)
      return refusals.tooManyOfKey(maxOfKey);
    return undefined;
  }
}
