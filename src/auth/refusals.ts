import { Code } from "@connectrpc/connect";
import { ServiceError } from "../errors.ts";
import type { Principal, UserRole } from "../principal.ts";
import type { Scope } from "../users/scopes.ts";

const howTo = "send metadata `authorization: Bearer <API key or session token>`";

/** No credential came with the call. */
export function credentialMissing(): ServiceError {
  return new ServiceError(
    Code.Unauthenticated,
    "CREDENTIAL_MISSING",
    `the call needs a credential: ${howTo} (\`ltb key create\` makes a key, Login a session)`,
  );
}

/** The credential does not have the form of one; nothing was looked up. */
export function credentialMalformed(): ServiceError {
  return new ServiceError(
    Code.Unauthenticated,
    "CREDENTIAL_INVALID",
    `the authorization is not a whole API key or session token: ${howTo}, exactly as it was shown when it was made`,
  );
}

/** The credential is invalid. The text is the same for every cause, so it reveals no credentials. */
export function credentialUnknown(): ServiceError {
  return new ServiceError(
    Code.Unauthenticated,
    "CREDENTIAL_INVALID",
    "the API key or session is not valid: it is unknown, revoked or expired, or its user is not active",
  );
}

/** Ends running calls when their credential ends. */
export function credentialRevoked(): ServiceError {
  return new ServiceError(
    Code.Unauthenticated,
    "CREDENTIAL_REVOKED",
    "the API key or session ended during the call: it was revoked or has expired, or its user is no longer active",
  );
}

/** The client certificate names no active user of role worker. */
export function certificateUnknown(name: string): ServiceError {
  return new ServiceError(
    Code.Unauthenticated,
    "CREDENTIAL_INVALID",
    `the client certificate names ${JSON.stringify(name)}, which is not an active user of role worker: only those are known by a ` +
      `certificate; others ${howTo}`,
  );
}

/** The database was down for too long to confirm a credential. */
export function credentialUnchecked(): ServiceError {
  return new ServiceError(
    Code.Unavailable,
    "DATABASE_UNAVAILABLE",
    "the credential cannot be checked: the database is not reachable",
    { retryAfterMs: 1_000 },
  );
}

/** The permission table does not have the method. */
export function notPermitted(method: string): ServiceError {
  return new ServiceError(
    Code.PermissionDenied,
    "METHOD_NOT_PERMITTED",
    `${method} is in no permission table: nobody may call it`,
    { metadata: { method } },
  );
}

export function roleRequired(method: string, roles: readonly UserRole[], { role }: Principal): ServiceError {
  const needed = ["admin", ...roles];
  return new ServiceError(
    Code.PermissionDenied,
    "ROLE_REQUIRED",
    `${method} takes role ${needed.join(" or ")}; the caller's is ${role}`,
    { metadata: { role, needed: needed.join(",") } },
  );
}

export function scopeRequired(method: string, scope: Scope, { scopes }: Principal): ServiceError {
  return new ServiceError(
    Code.PermissionDenied,
    "SCOPE_REQUIRED",
    `${method} takes scope ${scope}; the API key has only ${scopes.join(", ")}`,
    { metadata: { needed: scope } },
  );
}

/** The entity may be touched only by its creator or an admin. */
export function notOwner(entity: string, id: string): ServiceError {
  return new ServiceError(
    Code.PermissionDenied,
    "NOT_OWNER",
    `${entity} ${id} is not the caller's: this takes the user who made it, or role admin`,
    { metadata: { entity, id } },
  );
}

/** The request is about another user's record, keys or entries. The text hides whether that user exists. */
export function notSelf(what: string): ServiceError {
  return new ServiceError(
    Code.PermissionDenied,
    "NOT_OWNER",
    `${what} of other users take role admin; the caller may only ask for its own`,
    { metadata: { entity: "user" } },
  );
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
  return new ServiceError(
    Code.ResourceExhausted,
    "RATE_LIMITED",
    `the API key or session makes more than ${perSecond} calls a second`,
    { retryAfterMs },
  );
}

export function tooManyOfKey(most: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "RATE_LIMITED",
    `the API key or session has ${most} calls in progress, which is the most it may have at once`,
    { retryAfterMs: 1_000 },
  );
}

export function serverFull(most: number): ServiceError {
  return new ServiceError(
    Code.ResourceExhausted,
    "OVERLOADED",
    `the server has ${most} calls in progress, which is the most it takes at once`,
    { retryAfterMs: 1_000 },
  );
}
