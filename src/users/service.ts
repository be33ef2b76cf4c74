import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { invalidField, ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { actorIdOf, callOf } from "../rpc/call/call.ts";
import {
  clearTo,
  fromTimestamp,
  omitEmpty,
  readPatch,
  refuseClearing,
  requestKeyOf,
  toTimestamp,
} from "../wire/convert.ts";
import { fromDuration } from "../wire/duration.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { type UserChanges, userPosition } from "./input.ts";
import { apiKeyMessage, userMessage, userRole } from "./messages.ts";
import type { UserRepository } from "./repository.ts";
import { refuseWiderScopes } from "./scopes.ts";

const updatable = ["email", "username", "role", "active", "email_verified", "metadata"] as const;

/** UserService. The permission table has already decided whose user and keys the caller may touch. */
export function userService(users: UserRepository): ServiceImpl<typeof UserService> {
  return {
    async createUser(request, context) {
      const { email, username, credential, metadata } = request;
      const [id, role] = [omitEmpty(request.id), userRole.parse(request.role, "role")];
      const secret = credential.case && { [credential.case]: credential.value };
      const given = { id, email, username, ...secret, role, metadata };
      const user = await users.create(given, requestKeyOf(request, actorIdOf(context)));
      return { user: userMessage(user) };
    },

    async getUser({ key }) {
      const find = {
        id: (id: string) => users.get(id),
        email: (email: string) => users.getByEmail(email),
        username: (username: string) => users.getByUsername(username),
      };
      if (key.case === undefined) throw invalidField("id", "must be given, or email or username");
      return { user: userMessage(await find[key.case](key.value)) };
    },

    async listUsers(request) {
      const filter = { role: userRole.parse(request.role, "role"), active: request.active };
      const { items, next } = await users.list(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, userPosition),
      });
      return { users: items.map(userMessage), nextPageToken: encodePageToken(next, filter) };
    },

    async updateUser(request) {
      const { id, expectedVersion } = request;
      return { user: userMessage(await users.update(id, changesOf(request), { expectedVersion })) };
    },

    async deleteUser({ id }) {
      await users.delete(id);
      return {};
    },

    async changePassword({ id, currentPassword, newPassword }, context) {
      const { principal, ipAddress } = callOf(context);
      const mustKnow = principal && (principal.role !== "admin" || principal.userId === id.toLowerCase());
      if (mustKnow && currentPassword === "") throw invalidField("current_password", "must be given");
      const passwords = { currentPassword: omitEmpty(currentPassword), newPassword };
      const keepSessionId = principal?.sessionId;
      await users.changePassword(id, { ...passwords, keepSessionId, address: ipAddress });
      return {};
    },

    async login({ email, password, code }, context) {
      const { ipAddress: address } = callOf(context);
      if (code !== "" && (email !== "" || password !== ""))
        throw invalidField("code", "must not be given together with email or password");
      const { token, expiresAt, user } = await (code === ""
        ? users.login({ email, password, address })
        : users.loginByCode({ code, address }));
      return { sessionToken: token, expiresAt: toTimestamp(expiresAt), user: userMessage(user) };
    },

    async createLoginCode(_request, context) {
      const { keyId, sessionId } = callOf(context).principal ?? {};
      if (keyId === undefined || sessionId !== undefined) {
        const why = "a code is made by an API key, whose end is also that of its session";
        const message = `${why}; the call is authenticated otherwise, or not at all`;
        throw new ServiceError(Code.FailedPrecondition, "NOT_A_KEY", message);
      }
      const { code, expiresAt } = await users.createLoginCode(keyId);
      return { code, expiresAt: toTimestamp(expiresAt) };
    },

    async logout(_request, context) {
      const sessionId = callOf(context).principal?.sessionId;
      if (sessionId === undefined) {
        const why = "the call is not authenticated by a session, so there is none to end";
        const message = `${why}; RevokeApiKey ends an API key`;
        throw new ServiceError(Code.FailedPrecondition, "NOT_A_SESSION", message);
      }
      await users.logout(sessionId);
      return {};
    },

    async whoAmI(_request, context) {
      const { principal } = callOf(context);
      if (!principal) return {};
      const { userId, keyId, sessionId, expiresAt } = principal;
      const isKey = keyId !== undefined && sessionId === undefined;
      const [user, key] = await Promise.all([users.get(userId), isKey && users.getApiKey(keyId)]);
      return {
        user: userMessage(user),
        ...(key && { apiKey: apiKeyMessage(key) }),
        ...(expiresAt !== undefined && { expiresAt: timestampFromMs(expiresAt) }),
      };
    },

    async createApiKey(request, context) {
      const { name, scopes } = request;
      const createdBy = actorIdOf(context);
      const { principal } = callOf(context);
      refuseWiderScopes(principal?.scopes ?? [], scopes);
      const id = omitEmpty(request.id);
      const userId = userIdOf(request, context);
      const expiresAt = fromTimestamp(request.expiresAt, "expires_at");
      const expiresInMs = fromDuration(request.expiresIn, "expires_in", { min: 1, max: limits.delayMs });
      const by = { createdBy, createdByKey: principal?.keyId };
      const key = { id, userId, name, scopes, expiresAt, expiresInMs, ...by };
      const { apiKey, secret } = await users.createApiKey(key, requestKeyOf(request, createdBy));
      return { apiKey: apiKeyMessage(apiKey), secret: secret ?? "" };
    },

    async listApiKeys(request, context) {
      const filter = { userId: userIdOf(request, context) };
      const { items, next } = await users.listApiKeys(filter.userId, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, userPosition),
      });
      return { apiKeys: items.map(apiKeyMessage), nextPageToken: encodePageToken(next, filter) };
    },

    async revokeApiKey({ id, withDescendants }) {
      const apiKey = apiKeyMessage(await users.revokeApiKey(id));
      return { apiKey, descendantsRevoked: withDescendants ? await users.revokeDescendants(id) : 0 };
    },

    async rotateApiKey(request, context) {
      const { principal } = callOf(context);
      const overlapMs = fromDuration(request.overlap, "overlap", { max: limits.rotationOverlapMs });
      if (principal && principal.scopes.length > 0) {
        refuseWiderScopes(principal.scopes, (await users.getApiKey(request.id)).scopes);
      }
      const createdBy = actorIdOf(context);
      const requestKey = requestKeyOf(request, createdBy);
      const options = { overlapMs, createdBy, createdByKey: principal?.keyId };
      const rotated = await users.rotateApiKey(request.id, options, requestKey);
      const [apiKey, oldApiKey] = [apiKeyMessage(rotated.apiKey), apiKeyMessage(rotated.oldApiKey)];
      return { apiKey, secret: rotated.secret ?? "", oldApiKey };
    },
  };
}

type UpdateRequest = Parameters<ServiceImpl<typeof UserService>["updateUser"]>[0];

function changesOf(request: UpdateRequest): UserChanges {
  const patch = readPatch(request.updateMask, updatable);
  const { email, username, role, active, emailVerified, metadata } = request;
  // A role that is set to UNSPECIFIED is to be cleared.
  const newRole = patch("role", role) === undefined ? undefined : (userRole.parse(role ?? 0, "role") ?? null);
  return {
    email: refuseClearing("email", patch("email", email)),
    username: refuseClearing("username", patch("username", username)),
    role: refuseClearing("role", newRole),
    active: clearTo(false, patch("active", active)),
    emailVerified: clearTo(false, patch("email_verified", emailVerified)),
    metadata: patch("metadata", metadata),
  };
}

/** Returns the user that a request is about: the caller, unless it names another. */
function userIdOf({ userId }: { userId: string }, context: HandlerContext): string {
  const id = omitEmpty(userId) ?? callOf(context).principal?.userId;
  if (id !== undefined) return id;
  throw invalidField("user_id", "must be given: the call is not authenticated, so there is no default");
}
