import { createSecureContext } from "node:tls";
import { certificatesIn } from "../pem.ts";
import { messageOf } from "../thrown.ts";

/** TLS with other authorities than those built into Node, or with a client's certificate. All in PEM. */
export interface TlsOptions {
  /** Authorities to trust instead of the public ones. */
  ca?: string | Uint8Array;
  /** The client's certificate chain, with `key`. */
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
  /** The name that the server's certificate must have. Default: the host of the address. */
  serverName?: string;
}

/** @throws TypeError that names an unusable option, which Node would ignore or fail for late */
export function checkTlsOptions({ ca, cert, key }: TlsOptions): void {
  const check = (name: string, expected: string, work: () => unknown) => {
    try {
      work();
    } catch (error) {
      throw new TypeError(`tls.${name}: expected ${expected}: ${messageOf(error)}`, { cause: error });
    }
  };
  if (ca !== undefined) check("ca", "certificates in PEM", () => certificatesIn(Buffer.from(ca)));
  if (cert === undefined && key !== undefined)
    throw new TypeError("tls.cert: expected a certificate along with the key");
  if (cert === undefined) return;
  if (key === undefined) throw new TypeError("tls.key: expected the private key along with the certificate");
  check("cert", "a certificate in PEM", () => certificatesIn(Buffer.from(cert)));
  check("key", "the certificate's private key in PEM, not encrypted", () =>
    createSecureContext({ cert: Buffer.from(cert), key: Buffer.from(key) }),
  );
}
