import type { PeerCertificate } from "node:tls";
import { ConnectError } from "@connectrpc/connect";
import { type Deadline, Metadata, status as Status } from "@grpc/grpc-js";
import type { CallContext, CallOrigin } from "../call/call.ts";
import { encodeStatus } from "../call/errors.ts";
import { forEachSendable } from "../call/metadata.ts";
import { type ClientCertificate, readCertificate } from "../tls/client-certificate.ts";

/** The part that calls of grpc-js of every kind have in common. */
export interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  once(event: "cancelled", listener: () => void): unknown;
  getPath(): string;
  getHost(): string;
  getPeer(): string;
  getDeadline(): Deadline;
  /** Holds a certificate only if TLS has verified it. */
  getAuthContext(): { sslPeerCertificate?: PeerCertificate };
}

/** A call as grpc-js knows it. */
export class GrpcOrigin implements CallOrigin {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly #call: GrpcCall;
  #requestHeader: Headers | undefined;

  constructor(call: GrpcCall) {
    this.#call = call;
  }

  get url(): string {
    return `http://${this.#call.getHost()}${this.#call.getPath()}`;
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  get clientCertificate(): ClientCertificate | undefined {
    return readCertificate(this.#call.getAuthContext().sslPeerCertificate);
  }

  get callerDeadline(): number | undefined {
    const deadline = Number(this.#call.getDeadline());
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  header(name: string): string | undefined {
    return asText(this.#call.metadata.get(name)[0]);
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= this.#readHeader();
    return this.#requestHeader;
  }

  onCancel(listener: () => void): void {
    if (this.#call.cancelled) listener();
    else this.#call.once("cancelled", listener);
  }

  #readHeader(): Headers {
    const headers = new Headers();
    for (const [name, values] of Object.entries(this.#call.metadata.toJSON()))
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
