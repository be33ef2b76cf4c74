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
import { CallContext } from "../call/context.ts";
import { requestTooLarge, toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { type GrpcCall, GrpcOrigin, statusOf } from "./call.ts";

type Answer = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/**
 * Gives grpc-js's own errors (a request too large, broken gzip, an unknown compression) the details and the
 * log line that all others have. grpc-js ends calls with them below all interceptors, so the call's own
 * `sendStatus` is replaced. This can go once interceptors see such errors; grpc-js's handling of compression
 * is known to be lacking (https://github.com/grpc/grpc-node/issues/2767), and its interceptors are specified
 * by https://github.com/grpc/proposal/blob/master/L112-node-server-interceptors.md.
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

/**
 * An answer of grpc-js itself has no metadata, where one of the chain carries the request id. That a call is
 * past its caller's deadline is read by nobody.
 */
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
