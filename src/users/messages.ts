import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ApiKeySchema,
  UserRoleSchema,
  type UserSchema,
  type UserRole as WireRole,
} from "../../gen/ltb/v1/user_pb.ts";
import { omitNulls, toTimestamp } from "../wire/convert.ts";
import { wireEnum } from "../wire/enums.ts";
import type { ApiKey, User } from "./rows.ts";

export const userRole = wireEnum<typeof WireRole>(UserRoleSchema);

export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { lastLogin, createdAt, updatedAt, ...same } = user;
  return {
    ...omitNulls(same),
    role: userRole.values[user.role],
    lastLogin: toTimestamp(lastLogin),
    createdAt: toTimestamp(createdAt),
    updatedAt: toTimestamp(updatedAt),
  };
}

export function apiKeyMessage(key: ApiKey): MessageInitShape<typeof ApiKeySchema> {
  const { keyId, expiresAt, lastUsed, createdAt, revokedAt, ...same } = key;
  return {
    ...omitNulls(same),
    scopes: [...key.scopes],
    prefix: `ltb_${keyId}`,
    expiresAt: toTimestamp(expiresAt),
    lastUsed: toTimestamp(lastUsed),
    createdAt: toTimestamp(createdAt),
    revokedAt: toTimestamp(revokedAt),
  };
}
