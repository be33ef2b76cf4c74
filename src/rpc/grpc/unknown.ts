import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { richStatus } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath } from "../call/unknown-path.ts";

interface StreamEvent {
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
}

/**
 * Gives grpc-js's answer to calls of methods that do not exist the details of all others. There is no handler for them, so their streams are
 * caught as Node opens them, before grpc-js gets them.
 * @param paths of the methods that exist.
 * @param port that this server listens on: Node tells of the streams of the whole process.
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
