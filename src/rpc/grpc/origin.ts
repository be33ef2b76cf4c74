import type { PeerCertificate } from "node:tls";
import type { Deadline, Metadata } from "@grpc/grpc-js";
import type { CallOrigin } from "../call/call.ts";
import { type ClientCertificate, readCertificate } from "../tls/client-certificate.ts";

/** What the calls of grpc-js have in common, of whatever kind. */
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
    for (const name of Object.keys(this.#call.metadata.getMap())) {
      for (const value of this.#call.metadata.get(name)) {
        headers.append(name, asText(value) ?? "");
      }
    }
    return headers;
  }
}

/** Binary metadata in base64, as Connect's handlers expect it. */
function asText(value: string | Buffer | undefined): string | undefined {
  return typeof value === "string" ? value : value?.toString("base64");
}
