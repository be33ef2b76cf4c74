import { type PeerCertificate, TLSSocket } from "node:tls";

/** The names in a client's certificate, which one of the configured authorities has signed. */
export interface ClientCertificate {
  /** The subject's CN, if it has exactly one. */
  commonName?: string;
  /** Names in the extension for alternative names, as they stand there. */
  dnsNames: string[];
  /** For example `spiffe://bench.example/worker/gpu-1`. */
  uris: string[];
  /** SHA-256 of the certificate, in upper-case pairs with colons between them. */
  fingerprint256: string;
}

const known = new WeakMap<PeerCertificate, ClientCertificate>();

/** Reads a certificate that TLS has verified; the same object once only. */
export function readCertificate(certificate: PeerCertificate | undefined): ClientCertificate | undefined {
  if (certificate?.fingerprint256 === undefined) return undefined;
  let read = known.get(certificate);
  if (read === undefined) {
    read = describe(certificate);
    known.set(certificate, read);
  }
  return read;
}

/** The certificate of the other end of a connection, if it has a verified one. */
export function certificateOf(socket: unknown): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return readCertificate(socket.getPeerCertificate());
}

/**
 * Makes the socket return the same object each time it is asked for its certificate. Node would make a new
 * one, which takes 80 µs, and a call's transport gives no other access to its connection.
 */
export function rememberCertificate(socket: TLSSocket): void {
  if (!socket.authorized) return;
  const certificate = socket.getPeerCertificate();
  Object.defineProperty(socket, "getPeerCertificate", { value: () => certificate });
}

function describe({ subject, subjectaltname, fingerprint256 }: PeerCertificate): ClientCertificate {
  // An array if there are several; then none of them is the name.
  const commonName: unknown = subject?.CN;
  const names = [...alternativeNames(subjectaltname ?? "")];
  const ofKind = (kind: string) => names.filter(([own]) => own === kind).map(([, value]) => value);
  return {
    ...(typeof commonName === "string" && { commonName }),
    dnsNames: ofKind("DNS"),
    uris: ofKind("URI"),
    fingerprint256,
  };
}

/**
 * Splits `DNS:a, URI:"b, DNS:c"`: Node writes a value that could be mistaken for several as a JSON string
 * (https://nodejs.org/api/crypto.html#x509subjectaltname).
 */
function* alternativeNames(text: string): Generator<[kind: string, value: string]> {
  const name = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/y;
  for (let match = name.exec(text); match !== null; match = name.exec(text)) {
    const [, kind = "", value = ""] = match;
    yield [kind, value.startsWith('"') ? String(JSON.parse(value)) : value];
  }
}
