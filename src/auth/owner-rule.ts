import type { Principal } from "../principal.ts";
import type { Owners } from "./ownership.ts";

/**
 * Checks that a request, or a message of a request stream, concerns only entities that its caller may touch.
 * It is never asked for role admin. It answers at once if the owners are known, so that a stream pays no turn
 * of the event loop for each message.
 * @throws ServiceError PERMISSION_DENIED that names an entity of another user. Missing entities and malformed
 * ids pass, because the handler answers for those.
 */
export type OwnerRule<Request> = (
  request: Request,
  caller: Principal,
  owners: Owners,
) => Promise<void> | undefined;
