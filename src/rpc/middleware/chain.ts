import { toConnectError } from "../call/errors.ts";
import type { Handler, ProvidedMethod, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { authenticate, authorize, bound } from "./access.ts";
import type { Middleware } from "./hooks.ts";
import { observe } from "./observe.ts";
import { deadline, makeHandler } from "./pump.ts";
import { readFrom } from "./read-from.ts";
import { share } from "./share.ts";
import { trace } from "./trace.ts";

/**
 * Turns whatever is thrown below into a `ConnectError` that carries its details and gives nothing internal
 * away. Calls that are denied are noted, whatever denied them.
 */
const errors: Middleware = (_, { access }) => ({
  fail(error, { call }) {
    access.noteDenial(error, call);
    return toConnectError(error, call);
  },
});

/**
 * From the outermost to the innermost: calls start in this order and end in the opposite one. `observe` and
 * `errors` come first, so that what a call is refused for passes them like what its implementation throws.
 * `deadline` comes before `authenticate`, which may query the database. `trace` comes after it, so that
 * strangers can neither make spans nor have them sampled. `authorize` judges decoded requests, whose lists
 * are `bound` by then, and its own queries ask the primary, as `readFrom` comes after. Fields are validated
 * by the repositories, which the library's users call without a server.
 */
const chain: readonly Middleware[] = [
  observe,
  errors,
  deadline,
  authenticate,
  trace,
  bound,
  authorize,
  readFrom,
];

/** The method behind the whole chain, for the listener that speaks `wire`. */
export function compose<In, Out>(
  provided: ProvidedMethod,
  wire: Wire<In, Out>,
  host: RpcHost,
): Handler<In, Out> {
  const hooks = chain.flatMap((middleware) => middleware(provided.method, host) ?? []);
  return makeHandler(share(provided), wire, hooks, host);
}
