import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
} from "@bufbuild/protobuf";
import {
  Code,
  createServiceImplSpec,
  type MethodImplSpec,
  type ServiceImpl,
  type ServiceImplSpec,
} from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { type Call, type CallContext, fullName } from "./call.ts";

/** A service and what there is of its implementation; see `provide`. */
export interface ProvidedService extends ServiceImplSpec {
  readonly implementation: object;
}

/** A method with its implementation, before the chain is put around it; `kind` tells what it streams. */
export type ProvidedMethod = MethodImplSpec;

/** A response as an implementation gives it. */
export type Response = MessageInitShape<DescMessage>;

/**
 * A method behind the chain, as a listener calls it with what comes over its wire: `begin` once the metadata
 * is there, and `answer` or `stream` with the request, or else `refuse`. A listener reads no request before.
 */
export type Handler<In, Out> = Beginning &
  (
    | Answering<DescMethodUnary, In, Out>
    | Answering<DescMethodClientStreaming, AsyncIterable<In>, Out>
    | Streaming<DescMethodServerStreaming, In, Out>
    | Streaming<DescMethodBiDiStreaming, AsyncIterable<In>, Out>
  );

interface Beginning {
  /**
   * Begins the call; at once where nothing has to be looked up.
   * @param onStop gets the error to answer if the call is stopped before its request is there
   * @throws the error to answer where the call is not let in; it has ended then
   */
  readonly begin: (context: CallContext, onStop: (error: unknown) => void) => Promise<void> | undefined;
  /** Ends a call whose request cannot be read. @returns the error to answer */
  readonly refuse: (error: unknown, context: CallContext) => unknown;
}

interface Answering<Method extends DescMethod, Request, Out> {
  readonly kind: Method["methodKind"];
  readonly method: Method;
  readonly answer: (request: Request, context: CallContext) => Promise<Out>;
}

interface Streaming<Method extends DescMethod, Request, Out> {
  readonly kind: Method["methodKind"];
  readonly method: Method;
  readonly stream: (request: Request, context: CallContext) => AsyncIterableIterator<Out>;
}

/** The form of a listener's requests and responses. */
export interface Wire<In, Out> {
  /** Decodes a request, which the call's handler takes with it. */
  readonly decode: (request: In, call: Call) => Message;
  /** Gives what is sent for a response, of which `bytes` is the binary form. */
  readonly send: (response: Response, bytes: Uint8Array) => Out;
  /** Gives the error to report for one that the request stream of the transport threw. Default: the same. */
  readonly explain?: (error: unknown) => unknown;
  /** Resolves once a request stream that has ended is known to be whole, and rejects if it is not. */
  readonly confirmEnd?: (call: Call) => Promise<void>;
}

/** Pairs a service with its implementation. Methods that are missing answer UNIMPLEMENTED. */
export function provide<Service extends DescService>(
  service: Service,
  implementation: Partial<ServiceImpl<Service>>,
): ProvidedService {
  return { ...createServiceImplSpec(service, implementation), implementation };
}

/** All methods of the services. */
export function methodsOf(services: readonly ProvidedService[]): ProvidedMethod[] {
  return services.flatMap(({ methods, implementation }) =>
    Object.values(methods).map((provided) =>
      provided.method.localName in implementation
        ? provided
        : { ...provided, impl: () => refuseMissing(provided.method) },
    ),
  );
}

function refuseMissing(method: DescMethod): never {
  throw new ServiceError(
    Code.Unimplemented,
    "UNIMPLEMENTED",
    `${fullName(method)} is not implemented by this server yet`,
  );
}
