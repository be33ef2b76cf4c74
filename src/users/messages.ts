import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ApiKeySchema, type UserSchema, UserRole as WireRole } from "../../gen/ltb/v1/user_pb.ts";
import { invalidField } from "../errors.ts";
import type { UserRole } from "../principal.ts";
import { defined, toTimestamp } from "../wire/convert.ts";
import type { ApiKey, User } from "./rows.ts";

const toWire: Record<UserRole, WireRole> = {
  admin: WireRole.ADMIN,
  user: WireRole.USER,
  viewer: WireRole.VIEWER,
  worker: WireRole.WORKER,
};

const fromWire = new Map(Object.entries(toWire).map(([role, wire]) => [wire, role as UserRole]));

/** A role of the wire; undefined if unspecified. */
export function roleOf(wire: WireRole): UserRole | undefined {
  if (wire === WireRole.UNSPECIFIED) return undefined;
  const role = fromWire.get(wire);
  if (!role) throw invalidField("role", `must be a value of UserRole, is ${wire}`);
  return role;
}

export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { lastLogin, createdAt, updatedAt, ...same } = user;
  return {
    ...defined(same),
    role: toWire[user.role],
    lastLogin: toTimestamp(lastLogin),
    createdAt: toTimestamp(createdAt),
    updatedAt: toTimestamp(updatedAt),
  };
}

export function apiKeyMessage(key: ApiKey): MessageInitShape<typeof ApiKeySchema> {
  const { keyId, expiresAt, lastUsed, createdAt, revokedAt, ...same } = key;
  return {
    ...defined(same),
    scopes: [...key.scopes],
    prefix: `ltb_${keyId}`,
    expiresAt: toTimestamp(expiresAt),
    lastUsed: toTimestamp(lastUsed),
    createdAt: toTimestamp(createdAt),
    revokedAt: toTimestamp(revokedAt),
  };
}
