import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { pathOf } from "../call/call.ts";
import { CallContext } from "../call/context.ts";
import type { RpcHost } from "../call/host.ts";
import type { ProvidedMethod } from "../call/methods.ts";
import { compose, type Handler, streamsRequest, streamsResponse } from "../middleware/chain.ts";
import { coded } from "./codec.ts";
import { headerMetadata, statusOf, trailerMetadata } from "./metadata.ts";
import { serverOptions } from "./options.ts";
import { GrpcOrigin } from "./origin.ts";
import { GrpcRefusals } from "./refusals.ts";
import { GrpcWriter } from "./writer.ts";

const kinds = {
  unary: "unary",
  client_streaming: "clientStream",
  server_streaming: "serverStream",
  bidi_streaming: "bidi",
} as const;

type Bytes = Uint8Array;

/**
 * A grpc-js server that answers the methods through the chain. Messages pass grpc-js itself as bytes and are decoded and encoded at the innermost
 * end of the chain, so that a malformed request and a response that cannot be sent are answered, logged and explained like any other failure.
 */
export function createGrpcServer(methods: readonly ProvidedMethod[], host: RpcHost): Server {
  const byPath = new Map(methods.map(({ method }) => [pathOf(method), method]));
  const refusals = new GrpcRefusals(byPath, host);
  const server = new Server({
    ...serverOptions(host.maxMessageBytes),
    interceptors: [refusals.interceptor],
  });
  for (const provided of methods) {
    const { method } = provided;
    const handler = compose(coded(provided, host.maxMessageBytes), method, host);
    const contextOf = (call: SurfaceCall) => {
      const context = new CallContext(method, new GrpcOrigin(call), host);
      if (streamsRequest(method)) refusals.streaming(call, context);
      return context;
    };
    // Ended by hand: an iterator that destroys the stream when the handler leaves it would also destroy the answer.
    const requestOf = streamsRequest(method)
      ? (call: SurfaceCall) => (call as ServerDuplexStream<Bytes, Bytes>).iterator({ destroyOnReturn: false })
      : (call: SurfaceCall) => (call as ServerUnaryCall<Bytes, Bytes>).request;

    const answer: handleUnaryCall<Bytes, Bytes> = (call, callback) =>
      answerOnce(handler, requestOf(call), contextOf(call), call, callback);
    const stream: handleBidiStreamingCall<Bytes, Bytes> = (call) =>
      answerStream(handler, requestOf(call), contextOf(call), call);
    server.register(
      pathOf(method),
      streamsResponse(method) ? stream : answer,
      (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes) => bytes,
      kinds[method.methodKind],
    );
  }
  return server;
}

type SurfaceCall = ServerUnaryCall<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>;

async function answerOnce(
  handler: Handler,
  request: unknown,
  context: CallContext,
  call: SurfaceCall,
  callback: sendUnaryData<Bytes>,
): Promise<void> {
  try {
    const bytes = (await handler(request, context)) as Bytes;
    call.sendMetadata(headerMetadata(context));
    callback(null, bytes, trailerMetadata(context));
  } catch (error) {
    callback(statusOf(error, context));
  }
}

async function answerStream(
  handler: Handler,
  request: unknown,
  context: CallContext,
  call: ServerDuplexStream<Bytes, Bytes>,
): Promise<void> {
  const writer = new GrpcWriter(call);
  const messages = (handler(request, context) as AsyncIterable<Bytes>)[Symbol.asyncIterator]();
  try {
    for (let first = true; ; first = false) {
      const { value, done } = await messages.next();
      if (call.cancelled) {
        await messages.return?.();
        return;
      }
      // Only now: until its first message a handler may set headers.
      if (first) call.sendMetadata(headerMetadata(context));
      if (done) break;
      const full = writer.write(value);
      if (full) await full;
    }
    call.end(trailerMetadata(context) ?? new Metadata());
  } catch (error) {
    if (!call.cancelled) call.emit("error", statusOf(error, context));
  }
}
