import type { IncomingMessage } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Compression,
  pipe,
  readAllBytes,
  transformDecompressEnvelope,
  transformJoinEnvelopes,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { ServiceError } from "../../errors.ts";
import type { RpcHost } from "../call/host.ts";
import { weighBinary, weighJson } from "../call/weight.ts";
import { requestBytes } from "../middleware/access.ts";
import type { Exchange } from "./origin.ts";

/**
 * Connect's gzip, for which bytes that are none are the caller's fault. By itself it says INTERNAL of some,
 * which is what callers get whose deadline passes meanwhile: nobody explains their errors any more.
 */
export const gzip: Compression = {
  ...compressionGzip,
  decompress: (bytes, maxBytes) =>
    compressionGzip.decompress(bytes, maxBytes).catch((error: unknown) => {
      const isInternal = error instanceof ConnectError && error.code === Code.Internal;
      throw isInternal ? new ConnectError(error.rawMessage, Code.InvalidArgument) : error;
    }),
};

/** A request as Connect is to read it: inflated, and with the headers of that. */
interface Inflated {
  readonly header: Headers;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Inflates and weighs the messages of a request before Connect parses them, which it does at once and whole.
 * Nothing is read before Connect asks for it, after the call was let in.
 * What has been read counts for the call until its handler takes it.
 */
export function readBody(
  request: IncomingMessage,
  header: Headers,
  method: DescMethod,
  host: RpcHost,
  exchange: Exchange,
): Inflated {
  const stopped = exchange.stopped.promise;
  const maxBytes = requestBytes(method, host);
  const type = header.get("content-type") ?? "";
  const isGzip = (name: string) => (header.get(name) === gzip.name ? gzip : null);
  const weigh = (message: Uint8Array) => {
    try {
      if (type.includes("json")) weighJson(message, host.maxMessageBytes);
      else weighBinary(method.input, message, host.maxMessageBytes);
    } catch (error) {
      throw error instanceof ServiceError ? forConnect(error) : error;
    }
  };
  const count = (bytes: number) => {
    if (exchange.context) host.intake.add(exchange.context.call, bytes);
  };
  const inner = bodyOf(request);
  const bytes = untilStopped(inner, stopped, count);
  // Its rest is read and thrown away, or the next request on the connection would never be.
  const drain = () => void request.resume();
  stopped.catch(async () => inner.return?.().then(drain, drain));

  if (/^application\/(grpc-web|connect\+)/.test(type)) {
    const compression = isGzip(
      type.startsWith("application/grpc") ? "grpc-encoding" : "connect-content-encoding",
    );
    async function* weighEach(messages: AsyncIterable<{ flags: number; data: Uint8Array }>) {
      for await (const message of messages) {
        if (compression) count(message.data.length);
        weigh(message.data);
        yield message;
      }
    }
    const split = transformSplitEnvelope(maxBytes);
    const inflate = transformDecompressEnvelope(compression, maxBytes);
    return { header, body: pipe(bytes, split, inflate, weighEach, transformJoinEnvelopes()) };
  }

  const compression = isGzip("content-encoding");
  const length = header.get("content-length");
  if (compression) {
    header.delete("content-encoding");
    header.delete("content-length");
  }
  async function* inflateWhole() {
    const sent = await readAllBytes(bytes, maxBytes, length);
    const message = compression ? await compression.decompress(sent, maxBytes) : sent;
    count(message.length - sent.length);
    weigh(message);
    yield message;
  }
  return { header, body: inflateWhole() };
}

/** Connect masks what is no error of its own. */
function forConnect(error: ServiceError): ConnectError {
  return new ConnectError(error.message, error.code, undefined, undefined, error);
}

/**
 * The body of a request for one reader, who may leave it early. Node's own iteration destroys the request
 * then, and the next one on the connection is never read (https://github.com/nodejs/node/issues/38262). This
 * can go once connect-node reads requests without destroying them.
 */
function bodyOf(request: IncomingMessage): AsyncIterator<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

/** The same bytes, each noted by `count`, or the error that `stopped` rejects with, whichever comes first. */
function untilStopped(
  inner: AsyncIterator<Uint8Array>,
  stopped: Promise<never>,
  count: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = await Promise.race([inner.next(), stopped]);
        if (!result.done) count(result.value.length);
        return result;
      },
      async return(value?: unknown) {
        await inner.return?.();
        return { done: true, value };
      },
    }),
  };
}
