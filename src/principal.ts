/** The role of a user; see the permission table. */
export type UserRole = "admin" | "user" | "viewer" | "worker";

/** The user that a credential stands for, and its scopes. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: UserRole;
  /** `api_keys.id` of the key; with a session, of the key that made the code it began with, if one did. */
  readonly keyId?: string | undefined;
  /** `sessions.id`, unset with an API key. */
  readonly sessionId?: string | undefined;
  /** Scopes that limit the key within the role, for example "jobs:read". Empty: all that the role allows. */
  readonly scopes: readonly string[];
  /** When the credential ends (epoch milliseconds); undefined: never. */
  readonly expiresAt?: number | undefined;
}
