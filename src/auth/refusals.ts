import { Code } from "@connectrpc/connect";
import { type Reason, ServiceError } from "../errors.ts";
import type { Principal, UserRole } from "../principal.ts";
import type { Scope } from "../users/scopes.ts";

const howTo = "send metadata `authorization: Bearer <API key or session token>`";

function unauthenticated(reason: Reason, message: string): ServiceError {
  return new ServiceError(Code.Unauthenticated, reason, message);
}

function denied(reason: Reason, message: string, metadata: Record<string, string>): ServiceError {
  return new ServiceError(Code.PermissionDenied, reason, message, { metadata });
}

function exhausted(reason: Reason, message: string, retryAfterMs = 1_000): ServiceError {
  return new ServiceError(Code.ResourceExhausted, reason, message, { retryAfterMs });
}

/** No credential came with the call. */
export function credentialMissing(): ServiceError {
  const message = `the call needs a credential: ${howTo} (\`ltb key create\` makes a key, Login a session)`;
  return unauthenticated("CREDENTIAL_MISSING", message);
}

/** The console's cookie came with a request of another page, for which it does not count. */
export function cookieForeign(): ServiceError {
  const why =
    "the console's cookie counts only in requests of its own pages, which browsers mark with Sec-Fetch-Site: " +
    "same-origin or an Origin of the host that they send to";
  return unauthenticated("CREDENTIAL_MISSING", `${why}; from elsewhere ${howTo}`);
}

/** Another program of the same host has set one too. */
export function cookieTwice(name: string): ServiceError {
  const message = `the browser sent two different cookies named ${name}: remove those of this host, and sign in again`;
  return unauthenticated("CREDENTIAL_INVALID", message);
}

/** The credential does not have the form of one; nothing was looked up. */
export function credentialMalformed(): ServiceError {
  const whole = `${howTo}, exactly as it was shown when it was made`;
  const message = `the authorization is not a whole API key or session token: ${whole}`;
  return unauthenticated("CREDENTIAL_INVALID", message);
}

/** The credential is invalid. The text is the same for every cause, so it reveals no credentials. */
export function credentialUnknown(): ServiceError {
  const causes = "it is unknown, revoked or expired, or its user is not active";
  return unauthenticated("CREDENTIAL_INVALID", `the API key or session is not valid: ${causes}`);
}

/** Ends running calls when their credential ends. */
export function credentialRevoked(): ServiceError {
  const causes = "it was revoked or has expired, or its user is no longer active";
  return unauthenticated("CREDENTIAL_REVOKED", `the API key or session ended during the call: ${causes}`);
}

/** The client certificate names no active user of role worker. */
export function certificateUnknown(name: string): ServiceError {
  const named = `the client certificate names ${JSON.stringify(name)}`;
  const others = `only those are known by a certificate; others ${howTo}`;
  const message = `${named}, which is not an active user of role worker: ${others}`;
  return unauthenticated("CREDENTIAL_INVALID", message);
}

/** The database was down for too long to confirm a credential. */
export function credentialUnchecked(): ServiceError {
  const message = "the credential cannot be checked: the database is not reachable";
  return new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", message, { retryAfterMs: 1_000 });
}

/** The permission table does not have the method. */
export function notPermitted(method: string): ServiceError {
  const message = `${method} is in no permission table: nobody may call it`;
  return denied("METHOD_NOT_PERMITTED", message, { method });
}

export function roleRequired(method: string, roles: readonly UserRole[], { role }: Principal): ServiceError {
  const needed = ["admin", ...roles];
  const message = `${method} takes role ${needed.join(" or ")}; the caller's is ${role}`;
  return denied("ROLE_REQUIRED", message, { role, needed: needed.join(",") });
}

export function scopeRequired(method: string, scope: Scope, { scopes }: Principal): ServiceError {
  const message = `${method} takes scope ${scope}; the API key has only ${scopes.join(", ")}`;
  return denied("SCOPE_REQUIRED", message, { needed: scope });
}

/** The entity may be touched only by its creator or an admin. */
export function notOwner(entity: string, id: string): ServiceError {
  const message = `${entity} ${id} is not the caller's: this takes the user who made it, or role admin`;
  return denied("NOT_OWNER", message, { entity, id });
}

/** The request is about another user's record, keys or entries. The text hides whether that user exists. */
export function notSelf(what: string): ServiceError {
  const message = `${what} of other users take role admin; the caller may only ask for its own`;
  return denied("NOT_OWNER", message, { entity: "user" });
}

/** The request changes fields of the caller's record that only an admin may change. */
export function adminField(field: string): ServiceError {
  return new ServiceError(Code.PermissionDenied, "ROLE_REQUIRED", `changing ${field} takes role admin`, {
    metadata: { needed: "admin" },
    violations: [{ field, description: "takes role admin" }],
  });
}

/** @param retryAfterMs until a call of this credential will be accepted again */
export function rateLimited(perSecond: number, retryAfterMs: number): ServiceError {
  const message = `the API key or session makes more than ${perSecond} calls a second`;
  return exhausted("RATE_LIMITED", message, retryAfterMs);
}

export function tooManyOfKey(most: number): ServiceError {
  const running = `the API key or session has ${most} calls in progress`;
  return exhausted("RATE_LIMITED", `${running}, which is the most it may have at once`);
}

/** @param retryAfterMs until a call from this address will be accepted again */
export function addressLimited(perSecond: number, retryAfterMs: number): ServiceError {
  const message = `the caller's address makes more than ${perSecond} calls a second without a credential`;
  return exhausted("RATE_LIMITED", message, retryAfterMs);
}

/** Calls that take no credential are counted by the address that they come from. */
export function tooManyOfAddress(most: number): ServiceError {
  const running = `the caller's address has ${most} calls without a credential in progress`;
  return exhausted("OVERLOADED", `${running}, which is the most it may have at once`);
}

/** @param most the bytes that requests of one caller may have before they are whole */
export function tooManyBytesOfCaller(most: number): ServiceError {
  const what = `this caller's requests that have not come whole have more than ${most} bytes together`;
  return exhausted("RATE_LIMITED", `${what}, which is the most one caller may have; send fewer at once`);
}

/** @param most the same for requests of all callers */
export function tooManyBytes(most: number): ServiceError {
  const what = `requests that have not come whole have more than ${most} bytes together`;
  return exhausted("OVERLOADED", `${what}, and this caller has the most of them; send fewer at once`);
}

/** @param afterMs how long the rest of the request was waited for */
export function requestLate(afterMs: number): ServiceError {
  const what = `the rest of the request did not come within ${afterMs / 1000} s`;
  const message = `${what}; messages before it may have been written`;
  return new ServiceError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", message);
}

export function serverFull(most: number): ServiceError {
  const message = `the server has ${most} calls in progress, which is the most it takes at once`;
  return exhausted("OVERLOADED", message);
}
