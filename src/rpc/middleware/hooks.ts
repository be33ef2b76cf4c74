import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { CallContext } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";

/** How a call ended. */
export interface Outcome {
  /** 0 is OK. */
  readonly code: Code | 0;
  /** Unset where the call succeeded, and where its reader left the response stream. */
  readonly error?: unknown;
}

/** The moments of a call that a middleware takes part in. What belongs to one call is kept in the call. */
export interface Hooks {
  /** Begins the call; a call that fails here does not come to what stands after in the chain. */
  readonly start?: (context: CallContext) => Promise<void> | undefined;
  /** Looks at each decoded request message before the implementation does; refuses it by throwing. */
  readonly each?: (request: Message, context: CallContext) => Promise<void> | undefined;
  /** Gives the error to pass outwards for one that came from within. */
  readonly fail?: (error: unknown, context: CallContext) => unknown;
  /** Called once, when the call has ended and before its caller learns of it. */
  readonly end?: (context: CallContext, outcome: Outcome) => void;
}

/** Makes the hooks of one method, when the server starts; undefined where it takes no part. */
export type Middleware = (method: DescMethod, host: RpcHost) => Hooks | undefined;
