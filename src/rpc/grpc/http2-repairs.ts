import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { transportLimits } from "../../limits.ts";
import { clampTimeouts } from "../call/call.ts";
import { richStatus } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath } from "../call/unknown-path.ts";

// grpc-js gives no access to single HTTP/2 streams. Node's own diagnostics show them, but those of the whole
// process: nothing here may hurt another HTTP/2 server.

interface StreamEvent {
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
}

/**
 * Cuts timeouts that are too long for timers, and closes streams that nobody reads any more.
 * @returns ends it.
 */
export function repairHttp2(): () => void {
  subscribe("http2.server.stream.created", clampTimeout);
  subscribe("http2.server.stream.finish", closeUnread);
  return () => {
    unsubscribe("http2.server.stream.created", clampTimeout);
    unsubscribe("http2.server.stream.finish", closeUnread);
  };
}

/** The only moment before grpc-js reads the timeout. */
function clampTimeout(event: unknown): void {
  clampTimeouts((event as StreamEvent).headers);
}

/**
 * Resets a call that was answered before its request has been read (too large, or a stream refused at its
 * first message). It would stay open until the client resets it, which not all clients do, connect-node's for
 * one: 200 such calls block its connection for good. RFC 9113, 8.1 has the server reset with NO_ERROR, as
 * gRPC wants of servers (https://github.com/grpc/grpc-java/issues/2162). This can go once grpc-js does so; it
 * has no issue for it.
 */
function closeUnread(event: unknown): void {
  const { stream } = event as StreamEvent;
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
 * Gives grpc-js's answer to calls of methods that do not exist the details of all others. It runs neither a
 * handler nor an interceptor for them (https://github.com/grpc/grpc-node/issues/1572), so their streams are
 * caught as Node opens them, before grpc-js gets them. This can go once grpc-js takes a handler for unknown
 * methods.
 * @param paths of the methods that exist.
 * @param port that this server listens on.
 * @returns ends it.
 */
export function explainUnknownMethods(paths: ReadonlySet<string>, port: number, host: RpcHost): () => void {
  const onStream = (event: unknown) => {
    const { stream, headers } = event as StreamEvent;
    const path = headers[":path"];
    if (typeof path !== "string" || paths.has(path)) return;
    const socket = stream.session?.socket;
    if (socket?.localPort !== port) return;
    const respond = stream.respond.bind(stream);
    stream.respond = (answer, options) => {
      // Without a status it is no answer to a gRPC call, for one to another content type.
      if (answer === undefined || Array.isArray(answer) || !("grpc-status" in answer))
        return respond(answer, options);
      const { requestId, error } = refuseUnknownPath(
        {
          path,
          httpMethod: "POST",
          requestId: headers["x-request-id"]?.toString(),
          peer: `${socket.remoteAddress}:${socket.remotePort}`,
        },
        host,
      );
      const details: OutgoingHttpHeaders = {
        // Python's client refuses details whose message is another than the status's.
        "grpc-message": encodeURIComponent(error.rawMessage),
        "grpc-status-details-bin": Buffer.from(toBinary(StatusSchema, richStatus(error))).toString("base64"),
        "x-request-id": requestId,
      };
      respond({ ...answer, ...details }, options);
    };
  };
  subscribe("http2.server.stream.created", onStream);
  return () => unsubscribe("http2.server.stream.created", onStream);
}
