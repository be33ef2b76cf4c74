import { generate } from "selfsigned";

/** Certificate and key in PEM. */
export interface Pair {
  cert: string;
  key: string;
}

export interface Names {
  commonName: string;
  dns?: string[];
  ips?: string[];
  uris?: string[];
  notBefore?: Date;
  notAfter?: Date;
}

export interface Authority extends Pair {
  /** A certificate for a server or a client, signed by this authority. */
  issue(names: Names): Promise<Pair>;
}

/** A certificate authority of one's own; with a `parent`, an intermediate one that it vouches for. */
export async function createAuthority(commonName = "Test CA", parent?: Authority): Promise<Authority> {
  const own = await generate([{ name: "commonName", value: commonName }], {
    ...elliptic,
    ...(parent && { ca: { cert: parent.cert, key: parent.key } }),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    cert: own.cert,
    key: own.private,
    issue: (names) => issue(names, { cert: own.cert, key: own.private }),
  };
}

/** A certificate that vouches for itself. */
export function selfSigned(names: Names): Promise<Pair> {
  return issue(names, undefined);
}

/** For servers of tests: good for `localhost` and 127.0.0.1. */
export const local: Names = { commonName: "server", dns: ["localhost"], ips: ["127.0.0.1", "::1"] };

export const days = (count: number) => new Date(Date.now() + count * 86_400_000);

const elliptic = { keyType: "ec", algorithm: "sha256" } as const;

async function issue(
  { commonName, dns = [], ips = [], uris = [], notBefore = days(-1), notAfter = days(90) }: Names,
  ca: Pair | undefined,
): Promise<Pair> {
  const altNames = [
    ...dns.map((value) => ({ type: 2, value }) as const),
    ...uris.map((value) => ({ type: 6, value }) as const),
    ...ips.map((ip) => ({ type: 7, ip }) as const),
  ];
  const made = await generate([{ name: "commonName", value: commonName }], {
    ...elliptic,
    notBeforeDate: notBefore,
    notAfterDate: notAfter,
    ...(ca && { ca }),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      ...(altNames.length > 0 ? [{ name: "subjectAltName", altNames } as const] : []),
    ],
  });
  return { cert: `${made.cert}\n`, key: made.private };
}
