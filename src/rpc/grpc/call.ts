import { ConnectError } from "@connectrpc/connect";
import { Metadata, type ServerInterceptingCallInterface, status as Status } from "@grpc/grpc-js";
import type { CallContext, CallOrigin } from "../call/call.ts";
import { encodeStatus } from "../call/errors.ts";
import { forEachSendable } from "../call/metadata.ts";
import { type ClientCertificate, readCertificate } from "../tls/client-certificate.ts";

/** A call as the interceptors of grpc-js see it; its certificate is there only if TLS has verified it. */
type Intercepted = Pick<
  ServerInterceptingCallInterface,
  "getPeer" | "getHost" | "getDeadline" | "getAuthContext"
>;

/** A call as grpc-js knows it, from the moment that its metadata is there. */
export class GrpcOrigin implements CallOrigin {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly #call: Intercepted;
  readonly #path: string;
  readonly #metadata: Metadata;
  #peer: string | undefined;
  #cancelled = false;
  #onCancel: (() => void) | undefined;
  #requestHeader: Headers | undefined;

  constructor(call: Intercepted, path: string, metadata: Metadata) {
    this.#call = call;
    this.#path = path;
    this.#metadata = metadata;
  }

  get url(): string {
    return `http://${this.#call.getHost()}${this.#path}`;
  }

  get peer(): string {
    this.#peer ??= this.#call.getPeer();
    return this.#peer;
  }

  get clientCertificate(): ClientCertificate | undefined {
    return readCertificate(this.#call.getAuthContext().sslPeerCertificate);
  }

  get callerDeadline(): number | undefined {
    const deadline = Number(this.#call.getDeadline());
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  header(name: string): string | undefined {
    return asText(this.#metadata.get(name)[0]);
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= this.#readHeader();
    return this.#requestHeader;
  }

  /** @param listener the only one: a call watches its caller once */
  onCancel(listener: () => void): void {
    if (this.#cancelled) listener();
    else this.#onCancel = listener;
  }

  /** Tells that the caller has gone, or that grpc-js has ended the call. */
  cancel(): void {
    this.#cancelled = true;
    this.#onCancel?.();
  }

  #readHeader(): Headers {
    const headers = new Headers();
    for (const [name, values] of Object.entries(this.#metadata.toJSON()))
      for (const value of values) headers.append(name, asText(value) ?? "");
    return headers;
  }
}

/** Binary metadata in base64, as Connect's handlers expect it. */
function asText(value: string | Buffer | undefined): string | undefined {
  return typeof value === "string" ? value : value?.toString("base64");
}

/** Response header of a call: its request id and what the handler set. */
export function headerMetadata({ call, setHeader }: CallContext): Metadata {
  const metadata = new Metadata();
  metadata.set("x-request-id", call.requestId);
  if (setHeader) addTo(metadata, setHeader);
  return metadata;
}

/** Response trailer as the handler set it; undefined if it set none. */
export function trailerMetadata({ setTrailer }: CallContext): Metadata | undefined {
  return setTrailer && addTo(new Metadata(), setTrailer);
}

/** The status of a failed call. It is sent without a header before it, so its trailer has the request id. */
export function statusOf(error: unknown, context: CallContext) {
  const metadata = headerMetadata(context);
  if (context.setTrailer) addTo(metadata, context.setTrailer);
  // The chain throws nothing else; whatever else it is came from the transport.
  if (!(error instanceof ConnectError)) {
    context.call.log.error({ err: error }, "the answer could not be sent");
    return { code: Status.INTERNAL, details: "internal error", metadata };
  }
  metadata.set("grpc-status-details-bin", encodeStatus(error));
  const code: number = error.code;
  return { code, details: error.rawMessage, metadata };
}

function addTo(metadata: Metadata, headers: Headers): Metadata {
  forEachSendable(headers, (name, value) => {
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  });
  return metadata;
}
