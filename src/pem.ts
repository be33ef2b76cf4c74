import { X509Certificate } from "node:crypto";

/**
 * The certificates of a PEM file.
 * @throws Error if it holds none, or one that cannot be read
 */
export function certificatesIn(pem: Buffer | string): [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.toString().match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [first, ...others] = blocks.map((block) => new X509Certificate(block));
  if (first === undefined) throw new Error("it holds no certificate");
  return [first, ...others];
}
