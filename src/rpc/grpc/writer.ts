import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import { transportLimits } from "../../limits.ts";

/** A call of grpc-js with a response stream. */
export type WritableCall =
  | ServerWritableStream<Uint8Array, Uint8Array>
  | ServerDuplexStream<Uint8Array, Uint8Array>;

/**
 * Writes a response stream no faster than its reader reads. grpc-js counts messages, 16 of them however
 * large; this counts bytes, so that the memory a slow reader costs does not depend on the size of messages.
 */
export class GrpcWriter {
  readonly #call: WritableCall;
  #waiting = 0;
  #resume: (() => void) | undefined;

  constructor(call: WritableCall) {
    this.#call = call;
    // Once a call is cancelled, the callbacks of its writes never come.
    call.once("cancelled", () => this.#resume?.());
  }

  /** Writes a message. A promise is to be awaited before the next one; it resolves on cancellation too. */
  write(message: Uint8Array): Promise<void> | undefined {
    this.#waiting += message.length;
    this.#call.write(message, () => {
      this.#waiting -= message.length;
      if (this.#waiting <= transportLimits.streamBufferBytes) this.#resume?.();
    });
    if (this.#waiting <= transportLimits.streamBufferBytes || this.#call.cancelled) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}
