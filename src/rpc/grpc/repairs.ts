import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { transportLimits } from "../../limits.ts";
import { clampTimeouts } from "../call/call.ts";
import { encodeStatus } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath } from "../call/unknown-path.ts";

// grpc-js gives no access to single HTTP/2 streams. Node's own diagnostics show them, but those of the whole
// process: nothing here may hurt another HTTP/2 server.

interface StreamEvent {
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
}

/** Listens to such a moment of all HTTP/2 streams. @returns ends it */
function onStream(moment: "created" | "finish", listener: (event: StreamEvent) => void): () => void {
  const channel = `http2.server.stream.${moment}`;
  const onMessage = listener as (message: unknown) => void;
  subscribe(channel, onMessage);
  return () => unsubscribe(channel, onMessage);
}

/** Cuts timeouts too long for timers, and closes streams that nobody reads any more. @returns ends it */
export function repairHttp2(): () => void {
  // The only moment before grpc-js reads the timeout.
  const endClamping = onStream("created", ({ headers }) => clampTimeouts(headers));
  const endClosing = onStream("finish", closeUnread);
  return () => {
    endClamping();
    endClosing();
  };
}

/**
 * Resets a call that was answered before its request has been read (too large, or a stream refused at its
 * first message). It would stay open until the client resets it, which connect-node's does not: 200 such
 * calls block its connection. RFC 9113, 8.1 has the server reset with NO_ERROR, as gRPC wants of servers
 * (https://github.com/grpc/grpc-java/issues/2162). This can go once grpc-js does so; it has no issue for it.
 */
function closeUnread({ stream }: StreamEvent): void {
  if (stream.readableEnded) return;
  stream.once("finish", () => {
    if (stream.readableEnded) return;
    const close = () => {
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    // Trailers are sent after this event, and well-behaved clients reset by themselves.
    setTimeout(close, transportLimits.unreadRequestMs).unref();
  });
}

/**
 * Gives grpc-js's answer to calls of unknown methods the details of all others. It runs neither a handler nor
 * an interceptor for them (https://github.com/grpc/grpc-node/issues/1572), so their streams are caught as
 * Node opens them. This can go once grpc-js takes a handler for unknown methods.
 * @param paths those of the methods that exist
 * @param port the port that this server listens on
 * @returns ends it
 */
export function explainUnknownMethods(paths: ReadonlySet<string>, port: number, host: RpcHost): () => void {
  return onStream("created", ({ stream, headers }) => {
    const path = headers[":path"];
    if (typeof path !== "string" || paths.has(path)) return;
    const socket = stream.session?.socket;
    if (socket?.localPort !== port) return;
    const respond = stream.respond.bind(stream);
    stream.respond = (answer, options) => {
      // Without a status it is no answer to a gRPC call, for one to another content type.
      if (answer === undefined || Array.isArray(answer) || !("grpc-status" in answer))
        return respond(answer, options);
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      const { requestId, error } = refuseUnknownPath({ path, httpMethod: "POST", headers, peer }, host);
      const details: OutgoingHttpHeaders = {
        // Python's client refuses details whose message is another than the status's.
        "grpc-message": encodeURIComponent(error.rawMessage),
        "grpc-status-details-bin": encodeStatus(error).toString("base64"),
        "x-request-id": requestId,
      };
      respond({ ...answer, ...details }, options);
    };
  });
}
