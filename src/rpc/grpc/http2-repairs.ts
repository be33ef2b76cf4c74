import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { transportLimits } from "../../limits.ts";
import { clampTimeouts } from "../call/timeouts.ts";

interface StreamEvent {
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
}

/**
 * Mends what grpc-js does to single HTTP/2 streams and gives no access to. Node's own diagnostics show the streams; they are those of the whole
 * process, so nothing here may hurt another HTTP/2 server.
 * @returns ends it.
 */
export function repairHttp2(): () => void {
  subscribe("http2.server.stream.created", clampTimeout);
  subscribe("http2.server.stream.finish", closeUnread);
  return () => {
    unsubscribe("http2.server.stream.created", clampTimeout);
    unsubscribe("http2.server.stream.finish", closeUnread);
  };
}

/** The only moment before grpc-js reads the timeout. */
function clampTimeout(event: unknown): void {
  clampTimeouts((event as StreamEvent).headers);
}

/**
 * A call that is answered before its request has been read (too large, or a stream refused at its first message) stays open until the client resets
 * it. Not all do, connect-node's for one; 200 such calls block its connection for good. RFC 9113, 8.1 has the server reset with NO_ERROR.
 */
function closeUnread(event: unknown): void {
  const { stream } = event as StreamEvent;
  if (stream.readableEnded) return;
  stream.once("finish", () => {
    if (stream.readableEnded) return;
    const close = () => {
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    // Trailers are sent after this event, and well-behaved clients reset by themselves.
    setTimeout(close, transportLimits.unreadRequestMs).unref();
  });
}
