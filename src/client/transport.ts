/**
 * A Connect transport over grpc-js, because that of connect-node costs the client twice the processor time:
 * 165 to 235 µs a unary call against 85 to 105 with 8 to 128 in flight, 10 µs a message of a stream against 7
 * (`npm run bench:client`, two busy cores). Workers with short jobs and ingest feel that.
 */
import { once } from "node:events";
import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { Client, type ClientDuplexStream, Metadata, type ServiceError as StatusError } from "@grpc/grpc-js";
import { endpointOf } from "./endpoint.ts";
import { fromStatus, headersOf } from "./status.ts";
import type { TlsOptions } from "./tls-options.ts";

/** The deadline of the call in milliseconds of `Date.now()`. Interceptors that repeat calls read it. */
export const deadlineKey = createContextKey(Number.POSITIVE_INFINITY);

/** How to reach the service. */
export interface TransportOptions {
  address: string;
  apiKey?: string | undefined;
  tls?: boolean | TlsOptions | undefined;
  /** Deadline of unary calls without one, in milliseconds; 0: none. */
  timeoutMs: number;
  /** The first sees a call first. */
  interceptors: readonly Interceptor[];
}

export interface GrpcTransport extends Transport {
  /** Ends the connection and its running calls. */
  close(): void;
}

/** Makes a transport, which connects with the first call. */
export function createTransport(options: TransportOptions): GrpcTransport {
  const endpoint = endpointOf(options.address, options.tls);
  const channel: Channel = {
    client: new Client(endpoint.target, endpoint.credentials, endpoint.options),
    calls: new Set(),
    secure: endpoint.secure,
  };
  const unary = chain(options.interceptors, (request) => callUnary(channel, request as UnaryRequest));
  const stream = chain(options.interceptors, async (request) =>
    callStream(channel, request as StreamRequest),
  );

  function beginRequest(
    method: DescMethodUnary | DescMethodStreaming,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: RequestHeaders,
    values: ContextValues = createContextValues(),
  ) {
    const headers = new Headers(header);
    if (options.apiKey !== undefined && !headers.has("authorization"))
      headers.set("authorization", `Bearer ${options.apiKey}`);
    const deadline =
      timeoutMs === undefined || timeoutMs <= 0 ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
    return {
      service: method.parent,
      requestMethod: "POST",
      url: `${endpoint.secure ? "https" : "http"}://${endpoint.target}${pathOf(method)}`,
      header: headers,
      signal: signal ?? never,
      contextValues: values.set(deadlineKey, deadline),
    };
  }

  return {
    async unary(method, signal, timeoutMs, header, input, values) {
      const request = {
        ...beginRequest(method, signal, timeoutMs ?? options.timeoutMs, header, values),
        stream: false as const,
        method,
        message: create(method.input, input),
      };
      return (await unary(request)) as UnaryResponse<typeof method.input, typeof method.output>;
    },

    async stream(method, signal, timeoutMs, header, input, values) {
      const request = {
        ...beginRequest(method, signal, timeoutMs, header, values),
        stream: true as const,
        method,
        message: createEach(method.input, input),
      };
      return (await stream(request)) as StreamResponse<typeof method.input, typeof method.output>;
    },

    close() {
      channel.client.close();
      for (const call of channel.calls) call.cancel();
    },
  };
}

/** A connection with its running calls, which closing it would not end. */
interface Channel {
  client: Client;
  calls: Set<{ cancel(): void }>;
  secure: boolean;
}

const never = new AbortController().signal;

type RequestHeaders = ConstructorParameters<typeof Headers>[0];

type Call = ReturnType<Interceptor>;

function chain(interceptors: readonly Interceptor[], call: Call): Call {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), call);
}

function pathOf(method: DescMethodUnary | DescMethodStreaming): string {
  return `/${method.parent.typeName}/${method.name}`;
}

async function* createEach<I extends DescMessage>(schema: I, inputs: AsyncIterable<MessageInitShape<I>>) {
  for await (const input of inputs) yield create(schema, input);
}

function codecOf<I extends DescMessage, O extends DescMessage>({ input, output }: { input: I; output: O }) {
  return {
    encode: (message: MessageShape<I>) => {
      const { buffer, byteOffset, byteLength } = toBinary(input, message);
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    decode: (bytes: Buffer) => fromBinary(output, bytes),
  };
}

function callOptions({ contextValues }: UnaryRequest | StreamRequest) {
  const deadline = contextValues.get(deadlineKey);
  return deadline === Number.POSITIVE_INFINITY ? {} : { deadline };
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers)
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  return metadata;
}

function callUnary({ client, calls, secure }: Channel, request: UnaryRequest): Promise<UnaryResponse> {
  const { signal, method, service } = request;
  if (signal.aborted) return Promise.reject(toCancellation(signal));
  const { encode, decode } = codecOf(method);
  return new Promise((resolve, reject) => {
    let header = new Metadata();
    let trailer = new Metadata();
    const cancel = () => call.cancel();
    const call = client.makeUnaryRequest(
      pathOf(method),
      encode,
      decode,
      request.message,
      metadataOf(request.header),
      callOptions(request),
      (error, message) => {
        signal.removeEventListener("abort", cancel);
        calls.delete(call);
        if (error) return reject(signal.aborted ? toCancellation(signal) : fromStatus(error, secure));
        if (message === undefined)
          return reject(new ConnectError("the response has no message", Code.Internal));
        resolve({
          stream: false,
          service,
          method,
          message,
          get header() {
            return headersOf(header);
          },
          get trailer() {
            return headersOf(trailer);
          },
        });
      },
    );
    call.on("metadata", (received) => {
      header = received;
    });
    call.on("status", ({ metadata }) => {
      trailer = metadata;
    });
    signal.addEventListener("abort", cancel, { once: true });
    calls.add(call);
  });
}

/** All three kinds of streams are alike on the wire. */
function callStream({ client, calls, secure }: Channel, request: StreamRequest): StreamResponse {
  const { signal, method, service } = request;
  if (signal.aborted) throw toCancellation(signal);
  const { encode, decode } = codecOf(method);
  let header = new Metadata();
  let trailer = new Metadata();
  const call = client.makeBidiStreamRequest(
    pathOf(method),
    encode,
    decode,
    metadataOf(request.header),
    callOptions(request),
  );
  const cancel = () => call.cancel();
  const ended = new AbortController();
  let failure: unknown;
  call.on("metadata", (received) => {
    header = received;
  });
  call.on("error", (error) => {
    failure ??= signal.aborted ? toCancellation(signal) : fromStatus(error as StatusError, secure);
  });
  call.on("status", ({ metadata }) => {
    trailer = metadata;
    signal.removeEventListener("abort", cancel);
    calls.delete(call);
    ended.abort();
  });
  signal.addEventListener("abort", cancel, { once: true });
  calls.add(call);
  writeAll(call, request.message, ended.signal).catch((error: unknown) => {
    failure ??= error;
    call.cancel();
  });

  async function* messages() {
    try {
      for await (const message of call) yield message;
    } catch (error) {
      failure ??= error;
    } finally {
      call.cancel();
    }
    if (failure !== undefined) throw failure;
  }

  return {
    stream: true,
    service,
    method,
    message: messages(),
    get header() {
      return headersOf(header);
    },
    get trailer() {
      return headersOf(trailer);
    },
  };
}

/** Sends requests no faster than the service reads, and only until the call has ended. */
async function writeAll<I, O>(
  call: ClientDuplexStream<I, O>,
  messages: AsyncIterable<I>,
  ended: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (ended.aborted) return;
    if (!call.write(message)) await once(call, "drain", { signal: ended }).catch(() => undefined);
  }
  if (!ended.aborted) call.end();
}

function toCancellation(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
