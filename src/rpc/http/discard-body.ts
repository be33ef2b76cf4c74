import type { IncomingMessage, ServerResponse } from "node:http";
import { transportLimits } from "../../limits.ts";

/**
 * The body of a request for one reader, who may leave it early. Node's own iteration destroys the request then: its parser stops the socket at the
 * next piece of the body, nobody starts it again, and the next request on the connection is never read.
 */
export function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

/**
 * Throws away what comes of a request after its answer, so that the connection can go on, and the client, which may still be sending, gets to read
 * the answer. A request that does not end in time loses its connection.
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
