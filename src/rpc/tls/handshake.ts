import type { TLSSocket } from "node:tls";

/** OpenSSL's words for bytes that are no TLS; which one depends on what they look like. */
const NO_TLS = new Set([
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_HTTPS_PROXY_REQUEST",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_UNEXPECTED_MESSAGE",
  "ERR_SSL_BAD_RECORD_TYPE",
]);

const messages: Record<string, string> = {
  ERR_TLS_HANDSHAKE_TIMEOUT: "a client took too long to negotiate TLS; its connection was cut",
  ECONNRESET: "a client left before TLS was negotiated",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    "a client brought no certificate; LTB_TLS_CLIENT_CA_FILE demands one",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "a client knows no version of TLS from 1.2 on",
  ERR_SSL_NO_SHARED_CIPHER: "a client knows none of the accepted ciphers",
};

/** The reason why a connection was refused. */
export function explainHandshake(error: (Error & { code?: string }) | undefined): string {
  const code = error?.code ?? "";
  if (NO_TLS.has(code))
    return "a client does not speak TLS, which this port demands; it has to use https:// (or --tls)";
  return messages[code] ?? "TLS could not be negotiated with a client";
}

const NO_CERTIFICATE = "UNABLE_TO_GET_ISSUER_CERT";

/** Says why the certificate of the other end is not accepted; undefined if it is, or if there is none. */
export function explainUnverified({ authorized, authorizationError }: TLSSocket): string | undefined {
  // Node says the code of OpenSSL, though its type is that of an error.
  const why: unknown = authorizationError;
  if (authorized || !why || why === NO_CERTIFICATE) return undefined;
  return `a client's certificate is not accepted (${why}); it has to be valid, and signed by an authority in LTB_TLS_CLIENT_CA_FILE`;
}
