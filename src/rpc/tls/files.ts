import { createPrivateKey, type X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { ConfigError, type Problem } from "../../config/error.ts";
import type { TlsChoice } from "../../config/tls.ts";
import { certificatesIn } from "../../pem.ts";
import { messageOf } from "../../thrown.ts";

/** The contents of the files. */
export interface TlsContents {
  cert: Buffer;
  key: Buffer;
  clientCa: Buffer | undefined;
}

/** When a certificate of one of the files ends. */
export interface Expiry {
  /** The setting that names the file. */
  name: string;
  at: Date;
}

const CERT = "LTB_TLS_CERT_FILE";
const KEY = "LTB_TLS_KEY_FILE";
const CLIENT_CA = "LTB_TLS_CLIENT_CA_FILE";

/** @throws ConfigError that names the settings whose files cannot be read */
export async function readTlsFiles({ certFile, keyFile, clientCaFile }: TlsChoice): Promise<TlsContents> {
  const problems: Problem[] = [];
  const read = (name: string, path: string) =>
    readFile(path).catch((error: Error) => {
      problems.push({ name, message: `expected a readable PEM file: ${error.message}` });
      return Buffer.alloc(0);
    });
  // One after the other, so that problems are named in the order of the settings.
  const cert = await read(CERT, certFile);
  const key = await read(KEY, keyFile);
  const clientCa = clientCaFile === undefined ? undefined : await read(CLIENT_CA, clientCaFile);
  if (problems.length > 0) throw new ConfigError(problems);
  return { cert, key, clientCa };
}

/**
 * Makes sure that a server can work with the contents, now.
 * @returns when the certificates end
 * @throws ConfigError that names the settings at fault
 */
export function checkTlsContents({ cert, key, clientCa }: TlsContents, now = Date.now()): Expiry[] {
  const problems: Problem[] = [];
  const attempt = <T>(name: string, expected: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push({ name, message: `expected ${expected}: ${messageOf(error)}` });
      return undefined;
    }
  };
  // The first one is the server's own; an intermediate one that has ended may be there for old clients only.
  const own = attempt(CERT, "a certificate in PEM", () => certificatesIn(cert)[0]);
  const privateKey = attempt(KEY, "a private key in PEM that is not encrypted", () => createPrivateKey(key));
  const authorities = attempt(CLIENT_CA, "certificates of authorities in PEM", () =>
    clientCa === undefined ? [] : certificatesIn(clientCa),
  );
  if (own && privateKey && !own.checkPrivateKey(privateKey))
    problems.push({
      name: KEY,
      message: `expected the key of the first certificate in ${CERT} (${nameOf(own)}), got another one`,
    });
  if (own) problems.push(...checkDates(CERT, own, now));
  const [authority] = authorities ?? [];
  if (authority && authorities?.every((each) => checkDates(CLIENT_CA, each, now).length > 0))
    problems.push(...checkDates(CLIENT_CA, authority, now));
  if (problems.length === 0)
    attempt(CERT, "a certificate and key that TLS can use", () =>
      createSecureContext({ cert, key, ca: clientCa }),
    );
  if (problems.length > 0 || own === undefined) throw new ConfigError(problems);
  return [
    { name: CERT, at: own.validToDate },
    ...(authorities ?? []).map((each) => ({ name: CLIENT_CA, at: each.validToDate })),
  ];
}

function checkDates(name: string, certificate: X509Certificate, now: number): Problem[] {
  const { validFromDate: from, validToDate: to } = certificate;
  const refuse = (why: string) => [{ name, message: `the certificate (${nameOf(certificate)}) ${why}` }];
  if (now < from.getTime()) return refuse(`is not valid before ${from.toISOString()}`);
  if (now > to.getTime()) return refuse(`has expired on ${to.toISOString()}; expected one that is valid`);
  return [];
}

function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return (subject ?? subjectAltName ?? "without a name").replaceAll("\n", ", ");
}
