import type { Principal } from "../principal.ts";
import type { Owners } from "./ownership.ts";

/**
 * Checks that a request, or a message of a request stream, is about what its caller may touch; never asked for role admin. Answers at
 * once where what it needs is known, so that a stream pays no turn of the event loop for each message.
 * @throws ServiceError PERMISSION_DENIED that names what is not the caller's. What does not exist, and what is malformed, passes: the
 * handler answers for those.
 */
export type OwnerRule<Request> = (
  request: Request,
  caller: Principal,
  owners: Owners,
) => Promise<void> | undefined;
