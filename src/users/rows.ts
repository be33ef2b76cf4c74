import { z } from "zod";
import type { JsonObject } from "../validation.ts";

export const userRoles = ["admin", "user", "viewer", "worker"] as const;

/** A user, without its password hash. Times are ISO 8601 in UTC with six digits of microseconds. */
export const userRow = z.object({
  id: z.string(),
  email: z.string(),
  username: z.string(),
  role: z.enum(userRoles),
  active: z.boolean(),
  emailVerified: z.boolean(),
  metadata: z.custom<JsonObject>().nullable(),
  lastLogin: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  version: z.number(),
});

/** An account. */
export type User = z.output<typeof userRow>;

/** An API key as the database answers it, without its hash. */
export const apiKeyRow = z.object({
  id: z.string(),
  userId: z.string(),
  /** The public part of the key, between its first two underscores. */
  keyId: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  /** True if it was neither revoked nor expired when it was read. */
  active: z.boolean(),
  expiresAt: z.string().nullable(),
  lastUsed: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  createdByKey: z.string().nullable(),
  revokedAt: z.string().nullable(),
  rotatedFrom: z.string().nullable(),
});

/** A key that authenticates its user. */
export type ApiKey = z.output<typeof apiKeyRow>;
