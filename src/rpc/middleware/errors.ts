import { toConnectError } from "../call/errors.ts";
import type { Middleware } from "./hooks.ts";

/**
 * Turns whatever is thrown below into a `ConnectError` that carries its details and gives nothing internal
 * away. Calls that are denied are noted, whatever denied them.
 */
export const errors: Middleware = (_, { access }) => ({
  fail(error, { call }) {
    access.noteDenial(error, call);
    return toConnectError(error, call);
  },
});
