import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status as Status,
} from "@grpc/grpc-js";
import { ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import { CallContext, clampTimeouts } from "../call/call.ts";
import { encodeStatus, requestTooLarge, toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath } from "../call/unknown-path.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { type GrpcCall, GrpcOrigin, statusOf } from "./call.ts";

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

type Answer = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/**
 * Gives grpc-js's own errors (a request too large, broken gzip, an unknown compression) the details and the
 * log line of all others. They come below all interceptors, so the call's own `sendStatus` is replaced. This
 * can go once interceptors (https://github.com/grpc/proposal/blob/master/L112-node-server-interceptors.md)
 * see such errors; compression has an issue (https://github.com/grpc/grpc-node/issues/2767).
 */
export class GrpcRefusals {
  readonly #host: RpcHost;
  readonly #methods: ReadonlyMap<string, DescMethod>;
  /** Calls that began before their last message, by the one thing of theirs that interceptors see too. */
  readonly #streams = new WeakMap<Metadata, CallContext>();

  /** @param methods by their path, for example `/ltb.v1.BenchmarkService/GetBenchmark`. */
  constructor(methods: ReadonlyMap<string, DescMethod>, host: RpcHost) {
    this.#methods = methods;
    this.#host = host;
  }

  /** Notes a call with a request stream, which the chain logs though a later message may be refused. */
  noteStream({ metadata }: GrpcCall, context: CallContext): void {
    this.#streams.set(metadata, context);
  }

  readonly interceptor: ServerInterceptor = ({ path }, call) => {
    const method = this.#methods.get(path);
    if (!method) return new ServerInterceptingCall(call);
    let metadata: Metadata | undefined;
    let answering = false;
    let answered = false;
    const { sendStatus } = call;
    call.sendStatus = (status) => {
      // Once the answer has begun, an internal error is a caller who went in the middle of it.
      const gone = answering && status.code === Status.INTERNAL;
      const refused = !answered && !gone && isRefusal(status);
      answered = true;
      if (!refused) return sendStatus.call(call, status);
      const given = metadata ?? new Metadata();
      const origin = () =>
        new GrpcOrigin({
          metadata: given,
          cancelled: false,
          once: () => undefined,
          getPath: () => path,
          getHost: () => call.getHost(),
          getPeer: () => call.getPeer(),
          getDeadline: () => call.getDeadline(),
          getAuthContext: () => call.getAuthContext(),
        });
      sendStatus.call(call, this.#explain(status, method, this.#streams.get(given), origin));
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (received, pass) => {
            metadata = received;
            pass(received);
          },
        }),
      sendMetadata: (sent, pass) => {
        answering = true;
        pass(sent);
      },
    });
  };

  #explain(
    status: Answer,
    method: DescMethod,
    stream: CallContext | undefined,
    origin: () => GrpcOrigin,
  ): Answer {
    const reason = reasonOf(status, this.#host.maxMessageBytes);
    const context = stream ?? new CallContext(method, origin(), this.#host);
    const error = toConnectError(reason, context.call);
    if (stream) context.call.stop(reason);
    else observeRefusal(context.call, method, this.#host, error);
    return statusOf(error, context);
  }
}

/** Answers of grpc-js itself lack the metadata that the chain's have. Nobody reads those that are late. */
function isRefusal({ code, metadata }: Answer): boolean {
  return !metadata && code !== Status.OK && code !== Status.DEADLINE_EXCEEDED;
}

function reasonOf({ code, details }: Answer, maxMessageBytes: number): ServiceError {
  if (code === Status.RESOURCE_EXHAUSTED) return requestTooLarge(maxMessageBytes);
  const message = `the request cannot be read: ${details}`;
  return code === Status.UNIMPLEMENTED
    ? new ServiceError(Code.Unimplemented, "UNIMPLEMENTED", message)
    : new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", message);
}
