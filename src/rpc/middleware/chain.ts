import type { DescMethod } from "@bufbuild/protobuf";
import type { CallContext } from "../call/context.ts";
import type { RpcHost } from "../call/host.ts";
import { authenticate } from "./authenticate.ts";
import { deadline } from "./deadline.ts";
import { errors } from "./errors.ts";
import { observe } from "./observe.ts";
import { trace } from "./trace.ts";

/**
 * One method of a service at any depth of the chain. A unary or client-streaming method returns a promise of its response, the others an
 * `AsyncIterable` of them. Requests and responses are opaque here: bytes on the gRPC listener, messages on the HTTP one.
 */
export type Handler = (request: unknown, context: CallContext) => unknown;

/** Wraps a method; called once a method when the server starts, so that no call pays for the choices made there. */
export type Middleware = (next: Handler, method: DescMethod, host: RpcHost) => Handler;

/**
 * From the outermost to the innermost. What a call is refused for passes `errors`, `trace` and `observe` like what its handler throws, so those come
 * first. Who calls may have to be looked up in the database, which the deadline bounds. What a request is about is checked once it is decoded,
 * by `authorize` around the implementation itself. Fields are validated by the repositories, which the library's users call without a server.
 */
const chain: readonly Middleware[] = [observe, trace, errors, deadline, authenticate];

/** `innermost` behind the whole chain. */
export function compose(innermost: Handler, method: DescMethod, host: RpcHost): Handler {
  return chain.reduceRight((next, middleware) => middleware(next, method, host), innermost);
}

/** True if the method's response is a stream. */
export function streamsResponse(method: DescMethod): boolean {
  return method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
}

/** True if the method's request is a stream. */
export function streamsRequest(method: DescMethod): boolean {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
}
