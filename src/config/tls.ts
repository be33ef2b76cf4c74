import { resolve } from "node:path";
import type { z } from "zod";
import type { Problem } from "./error.ts";
import type { service } from "./settings.ts";

/** TLS of both listeners: absolute paths of PEM files, and what is asked of clients. */
export type TlsChoice = Readonly<{
  /** The server's certificate, followed by the intermediate ones. */
  certFile: string;
  /** Its private key, not encrypted. */
  keyFile: string;
  /** The authorities that sign the certificates of clients; undefined: clients need none. */
  clientCaFile?: string | undefined;
  /** `optional`: a client may also come without a certificate. One that is invalid is refused either way. */
  clientAuth: "required" | "optional";
}>;

/** Reads the settings of TLS. The files themselves are read when the service starts. */
export function chooseTls(
  settings: z.output<typeof service>,
  cwd: string,
  problems: Problem[],
): TlsChoice | undefined {
  const { LTB_TLS_CERT_FILE: certFile, LTB_TLS_KEY_FILE: keyFile } = settings;
  const { LTB_TLS_CLIENT_CA_FILE: clientCaFile, LTB_TLS_CLIENT_AUTH: clientAuth } = settings;
  const refuse = (name: string, message: string) => problems.push({ name, message });
  if (clientAuth !== undefined && clientCaFile === undefined)
    refuse(
      "LTB_TLS_CLIENT_CA_FILE",
      "expected a PEM file of the authorities that sign clients' certificates, for LTB_TLS_CLIENT_AUTH",
    );
  if (certFile !== undefined && keyFile !== undefined)
    return {
      certFile: resolve(cwd, certFile),
      keyFile: resolve(cwd, keyFile),
      clientCaFile: clientCaFile === undefined ? undefined : resolve(cwd, clientCaFile),
      clientAuth: clientAuth ?? "required",
    };
  const files = ["LTB_TLS_CERT_FILE", "LTB_TLS_KEY_FILE", "LTB_TLS_CLIENT_CA_FILE"] as const;
  const given = files.filter((name) => settings[name] !== undefined);
  if (given.length === 0) return undefined;
  const missing = (name: string, what: string) =>
    refuse(name, `expected a PEM file of the server's ${what}, since ${given.join(" and ")} is set`);
  if (certFile === undefined) missing("LTB_TLS_CERT_FILE", "certificate");
  if (keyFile === undefined) missing("LTB_TLS_KEY_FILE", "private key");
  return undefined;
}
