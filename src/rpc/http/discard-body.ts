import type { IncomingMessage, ServerResponse } from "node:http";
import { transportLimits } from "../../limits.ts";

/**
 * The body of a request for one reader, who may leave it early. Node's own iteration destroys the request
 * then: its parser stops the socket at the next piece of the body, nobody starts it again, and the next
 * request on the connection is never read (https://github.com/nodejs/node/issues/38262). This can go once
 * connect-node reads requests without destroying them.
 */
export function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

/**
 * Throws away the part of a request that comes after its answer. So the connection can go on, and the client,
 * which may still be sending, gets to read the answer. A request that does not end in time loses its
 * connection. This can go once Node reads such requests to their end by itself.
 */
export function discardRest(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  response.once("finish", () => {
    if (request.readableEnded) return;
    const timer = setTimeout(() => socket.destroy(), transportLimits.httpUnreadMs).unref();
    request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
    request.resume();
  });
}
