import { explainTlsFailure } from "../tls-failures.ts";

const words = {
  ca: "tls.ca",
  certificate: "tls.cert and tls.key",
  serverName: "tls.serverName",
  off: "without TLS (http://host:port)",
};

/**
 * What grpc-js says of a connection that did not come about, in words of what can be done where that is known.
 * @param details of a status UNAVAILABLE
 * @param secure whether TLS was tried
 */
export function explainUnreachable(details: string, secure: boolean): string {
  if (!details.startsWith("No connection established")) return details;
  const explained = secure ? explainTlsFailure(details, words) : undefined;
  if (explained !== undefined) return `cannot connect to the service: ${explained}`;
  // It says no more of a connection that was closed before the other end had greeted.
  if (!details.includes("Failed to connect")) return details;
  return secure
    ? `the service closed the connection: it may not accept the client's certificate; give one with ${words.certificate} that its authority has signed`
    : "the service closed the connection: it may demand TLS, as in https://host:port";
}
