import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ApiKey } from "../../../../gen/ltb/v1/user_pb.ts";

/** Who has a key is told so many milliseconds before it expires. */
const soon = 14 * 86_400_000;

/** Whether a key can be used, and for how long: not any more, not for long, or for longer. */
export function lifeOf({ revokedAt, expiresAt }: ApiKey): "revoked" | "expired" | "ends soon" | "active" {
  if (revokedAt) return "revoked";
  const left = expiresAt ? timestampMs(expiresAt) - Date.now() : Number.POSITIVE_INFINITY;
  return left <= 0 ? "expired" : left < soon ? "ends soon" : "active";
}
