import type { IncomingHttpHeaders } from "node:http";
import { hostname } from "node:os";

/**
 * Returns the Host or Origin of a request if it is no name of this machine, for a listener that only programs
 * of this machine reach. A page of any site is such a program once its name is pointed to 127.0.0.1 (DNS
 * rebinding): its browser then takes the service for the site itself, and lets the page read the answers.
 * @param origins those whose pages may call, with which their hosts may be names of this service; `*`: any
 */
export function foreignName(
  { host, origin }: IncomingHttpHeaders,
  origins: readonly string[],
): string | undefined {
  if (origins.includes("*")) return undefined;
  const known = new Set(["localhost", hostname().toLowerCase(), ...origins.map((each) => nameOf(each))]);
  const isOwn = (name: string) => isAddress(name) || name.endsWith(".localhost") || known.has(name);
  // What is no Host at all is refused as malformed.
  const name = host === undefined ? undefined : nameOf(`http://${host}`);
  if (name !== undefined && !isOwn(name)) return host;
  if (origin !== undefined && !origins.includes(origin) && !isOwn(nameOf(origin) ?? origin)) return origin;
  return undefined;
}

/** The host of an origin as browsers write it: in lower case, without its port. */
function nameOf(origin: string): string | undefined {
  return URL.parse(origin)?.hostname;
}

/** True for IPv4 and for IPv6, which stands in brackets: no DNS answers for these. */
function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}
