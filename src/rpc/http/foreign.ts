import type { IncomingHttpHeaders } from "node:http";
import { hostname } from "node:os";
import type { ServerTls } from "../tls/server-tls.ts";

interface Names {
  /** Those whose pages may call, with which their hosts may be names of this service; `*`: any. */
  readonly origins: readonly string[];
  /** Further hosts that are names of this service. */
  readonly hosts: readonly string[];
  readonly tls: ServerTls | undefined;
  /** True where only programs of this machine reach the listener. */
  readonly isLocal: boolean;
}

/** Paths that tell nobody more than that the service is alive. Who probes may know it by any name. */
const probes = new Set(["/healthz", "/readyz"]);

/**
 * Makes what finds the Host or Origin of a request that is no name of this service, if it has one. A page of
 * any site can point its name here (DNS rebinding): its browser then takes the service for the site itself,
 * and lets the page read the answers. So it could see whatever needs no credential, which on a listener of
 * this machine may be everything, and on any other is the console's pages.
 */
export function foreignNames({ origins, hosts, tls, isLocal }: Names) {
  const ofOrigins = origins.map((each) => nameOf(each));
  const known = new Set(["localhost", hostname().toLowerCase(), ...hosts, ...ofOrigins]);
  const isOwn = (name: string) =>
    isAddress(name) || name.endsWith(".localhost") || known.has(name) || tls?.isNamed(name) === true;
  const isChecked = isLocal && !origins.includes("*");
  return (path: string, { host, origin }: IncomingHttpHeaders): string | undefined => {
    const isConsole = path === "/console" || path.startsWith("/console/");
    if (probes.has(path) || !(isChecked || isConsole)) return undefined;
    // What is no Host at all is refused elsewhere as malformed, but the console's files are read without.
    const name = host === undefined ? undefined : nameOf(`http://${host}`);
    if (name === undefined ? isConsole : !isOwn(name)) return host ?? "";
    if (origin !== undefined && !origins.includes(origin) && !isOwn(nameOf(origin) ?? origin)) return origin;
    return undefined;
  };
}

/** The host of an origin as browsers write it: in lower case, in Punycode, without its port. */
function nameOf(origin: string): string | undefined {
  return URL.parse(origin)?.hostname.replace(/\.$/, "");
}

/** True for IPv4 and for IPv6, which stands in brackets: no DNS answers for these. */
function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}
