const reserved = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/**
 * Calls `each` for the entries that a handler may send to its caller. Names that belong to the protocols are
 * left out (a handler's `grpc-status` breaks a response, a `connection` one ends the process), and values are
 * made ASCII by percent-encoding, which both transports insist on.
 */
export function forEachSendable(headers: Headers, each: (name: string, value: string) => void): void {
  for (const [name, value] of headers) {
    if (reserved.has(name) || name.startsWith("grpc-") || name.startsWith("connect-")) continue;
    if (!/^[0-9a-z_.-]+$/.test(name)) continue;
    each(name, /^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value.toWellFormed()));
  }
}
