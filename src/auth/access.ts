import { Code } from "@connectrpc/connect";
import type { Denials, DeniedCall } from "../audit/denials.ts";
import type { Origin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import type { Log } from "../log.ts";
import { OutageLog } from "../outage-log.ts";
import type { Principal } from "../principal.ts";
import type { ClientCertificate } from "../rpc/tls/client-certificate.ts";
import { addressOf } from "../users/address.ts";
import type { UserRepository } from "../users/repository.ts";
import { parseToken } from "../users/tokens.ts";
import { type Admission, type CallLimits, Room } from "./admission.ts";
import { bearerOf } from "./bearer.ts";
import { findCertified, recheckCertified, usernameOf } from "./certificates.ts";
import { type Credential, Credentials, type PrincipalSource } from "./credentials.ts";
import { Owners } from "./ownership.ts";
import type { Permission } from "./permissions.ts";
import * as refusals from "./refusals.ts";

/** Who may call. "off": everybody may do everything. */
export type AccessOptions =
  | { readonly auth: "off"; readonly limits?: Partial<CallLimits> }
  | {
      readonly auth: "required";
      readonly db: { readonly users: UserRepository; readonly executor: Executor };
      readonly denials?: Denials | undefined;
      readonly limits?: Partial<CallLimits>;
    };

/** A call as far as access is concerned with it; the last three are set here. */
export interface IncomingCall {
  /** Full name of the method, for example `ltb.v1.BenchmarkService/CreateBenchmark`. */
  readonly method: string;
  readonly peer: string;
  readonly userAgent: string | undefined;
  readonly requestId: string;
  readonly clientCertificate: ClientCertificate | undefined;
  /** Why the call was stopped, if it was. */
  readonly stopReason: ServiceError | undefined;
  /** One value of the request's metadata; `name` in lower case. */
  header(name: string): string | undefined;
  principal: Principal | undefined;
  actor: Actor | undefined;
  admission: Admission | undefined;
}

/** The user that makes a call, and its key; both are unset for a caller that did not say who it is. */
interface Actor {
  readonly userId?: string;
  readonly keyId?: string;
}

interface Host {
  readonly log: Log;
  /** Ends the running calls that `reasonOf` gives a reason for. */
  stopWhere(reasonOf: (call: IncomingCall) => ServiceError | undefined): void;
}

/** Lets calls in: finds out who makes them, whether they may, and whether there is room. */
export class Access {
  /** Undefined where everybody may do everything. */
  readonly owners: Owners | undefined;
  readonly #denials: Denials | undefined;
  readonly #credentials: Credentials | undefined;
  readonly #room: Room;

  constructor(options: AccessOptions, host: Host) {
    this.#room = new Room({
      maxCalls: Number.POSITIVE_INFINITY,
      maxCallsPerKey: Number.POSITIVE_INFINITY,
      rate: undefined,
      ...options.limits,
    });
    if (options.auth === "off") return;
    const { users, executor } = options.db;
    this.owners = new Owners(executor);
    this.#denials = options.denials;
    const checks = new OutageLog(host.log, "credentials are checked again");
    this.#credentials = new Credentials(principalSource(users, executor), {
      ended: (credential, reason) =>
        host.stopWhere(({ admission }) => (admission?.credential === credential ? reason : undefined)),
      changed: (credential) => host.stopWhere((call) => readmit(call, credential)),
      checked: (error) => {
        if (error === undefined) checks.works();
        else checks.failed({ err: error }, "credentials cannot be checked");
      },
    });
  }

  /**
   * Lets the call in, and says in it who makes it; at once where its credential is known.
   * @throws UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED that says what is missing
   */
  enter(call: IncomingCall, permission: Permission | undefined): Promise<void> | undefined {
    if (!permission) throw refusals.notPermitted(call.method);
    if (!this.#credentials) {
      call.admission = this.#room.admit(permission, undefined);
      return undefined;
    }
    const found = this.#identify(call, this.#credentials);
    if (found instanceof Promise)
      return found.then((credential) => this.#admit(call, permission, credential));
    this.#admit(call, permission, found);
    return undefined;
  }

  /** Lets in a call that needs no credential. */
  enterOpen(call: IncomingCall): undefined {
    call.admission = this.#room.admit(undefined, undefined);
  }

  /** Keeps what a call was denied, if that is what the error says. */
  noteDenial(error: unknown, call: IncomingCall): void {
    if (!this.#denials || !(error instanceof ServiceError)) return;
    const code = deniedCodes.get(error.code);
    if (!code) return;
    const { reason, message, metadata } = error;
    this.#denials.recordDenied({
      method: call.method,
      code,
      reason,
      message,
      metadata,
      origin: originOf(call),
    });
  }

  /** Calls in progress, how many there may be, and those that wait for their credential to be looked up. */
  load(): { inProgress: number; maxCalls: number; waiting: number } {
    const { inProgress, maxCalls } = this.#room;
    return { inProgress, maxCalls, waiting: this.#credentials?.waiting ?? 0 };
  }

  async close(): Promise<void> {
    await this.#credentials?.close();
  }

  /** The authorization that was sent; without one, the client certificate. */
  #identify(call: IncomingCall, credentials: Credentials): Credential | Promise<Credential> {
    const authorization = call.header("authorization");
    if (authorization !== undefined) {
      const bearer = bearerOf(authorization);
      const token = bearer === undefined ? undefined : parseToken(bearer);
      if (!token) throw refusals.credentialMalformed();
      return credentials.ofToken(token);
    }
    const { clientCertificate } = call;
    if (!clientCertificate) throw refusals.credentialMissing();
    const username = usernameOf(clientCertificate);
    if (username === undefined) throw refusals.certificateUnknown("");
    return credentials.ofCertificate(username);
  }

  #admit(call: IncomingCall, permission: Permission, credential: Credential): void {
    // It was looked up for so long that nobody waits any more.
    if (call.stopReason) throw call.stopReason;
    call.principal = credential.principal;
    call.actor = credential.actor;
    const refusal = refusalOf(call, permission, credential.principal);
    if (refusal) throw refusal;
    call.admission = this.#room.admit(permission, credential);
  }
}

const deniedCodes = new Map<Code, DeniedCall["code"]>([
  [Code.Unauthenticated, "UNAUTHENTICATED"],
  [Code.PermissionDenied, "PERMISSION_DENIED"],
]);

/** What the role or the scopes lack. */
function refusalOf(
  { method }: IncomingCall,
  permission: Permission,
  principal: Principal,
): ServiceError | undefined {
  const { roles, scope } = permission;
  if (principal.role !== "admin" && !roles.includes(principal.role))
    return refusals.roleRequired(method, permission.roles, principal);
  if (scope !== undefined && principal.scopes.length > 0 && !principal.scopes.includes(scope))
    return refusals.scopeRequired(method, scope, principal);
  return undefined;
}

/** A running call goes on as what its credential is now, if that still may. */
function readmit(call: IncomingCall, credential: Credential): ServiceError | undefined {
  const { admission } = call;
  if (admission?.credential !== credential || !admission.permission) return undefined;
  call.principal = credential.principal;
  call.actor = credential.actor;
  return refusalOf(call, admission.permission, credential.principal);
}

/** On whose behalf the call writes. A plain object: it is copied and kept. */
export function originOf(call: IncomingCall): Origin {
  const { principal, peer, userAgent, requestId } = call;
  const ipAddress = addressOf(peer);
  return principal
    ? {
        userId: principal.userId,
        keyId: principal.keyId,
        actor: principal.username,
        ipAddress,
        userAgent,
        requestId,
      }
    : { ipAddress, userAgent, requestId };
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
