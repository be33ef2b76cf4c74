import { isIP, isIPv6 } from "node:net";

/**
 * The IP address of a peer (`192.0.2.7:41234`, `[2001:db8::7]:41234`), an IPv4 address that came over an IPv6
 * socket as IPv4. Undefined for a peer that has none.
 */
export function addressOf(peer: string): string | undefined {
  const address = peer
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) ? address : undefined;
}

/** The block that one party is likely to own: an IPv4 address, or the /64 of an IPv6 one. */
export function addressBlock(address: string): string {
  if (!isIPv6(address)) return address;
  // The URL parser writes each address in one way only (RFC 5952).
  const { hostname = "[::]" } = URL.parse(`http://[${address}]`) ?? {};
  const [front = "", back] = hostname.slice(1, -1).split("::");
  const groups = (text = "") => text.split(":").filter((group) => group !== "");
  const zeros = back === undefined ? 0 : 8 - groups(front).length - groups(back).length;
  const all = [...groups(front), ...Array<string>(zeros).fill("0"), ...groups(back)];
  return `${all.slice(0, 4).join(":")}::/64`;
}
