import type { BrowserCookie } from "../../auth/access.ts";

/**
 * The cookies that sign a browser in; the value is a session token or an API key. Over TLS it is the first,
 * which browsers take only from this very host, and send by TLS alone. Over clear text they would drop that
 * one (Safari does so on loopback too), so the second stands in for it there.
 */
const names = { secure: "__Host-ltb", plain: "ltb" };

type Header = (name: string) => string | undefined;

/**
 * Reads the cookie of a request; undefined if there is none. It is the caller's own only in requests of the
 * service's own pages. `SameSite` alone would let in those of other ports of this host, which are one site,
 * and any program may listen there.
 */
export function readCookie(header: Header, isEncrypted: boolean): BrowserCookie | undefined {
  const all = (header("cookie") ?? "").split(";").map((each) => each.trim());
  // Whoever serves another port of this host over clear text can set the plain one, so TLS does without it.
  for (const name of isEncrypted ? [names.secure] : [names.secure, names.plain]) {
    const found = all
      .filter((each) => each.startsWith(`${name}=`))
      .map((each) => each.slice(name.length + 1));
    const [token, another] = new Set(found.filter((value) => value !== ""));
    if (token === undefined) continue;
    if (!isSameOrigin(header)) return { kind: "foreign" };
    return another === undefined ? { kind: "own", token } : { kind: "several", name };
  }
  return undefined;
}

/**
 * Whether a page of this service made the request. Browsers say so in Sec-Fetch-Site, but not over clear text
 * by a name; there the Origin has to have the host that the request was sent to. Scripts can set neither.
 */
export function isSameOrigin(header: Header): boolean {
  const site = header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = URL.parse(header("origin") ?? "");
  // A port may be written out in one and not in the other.
  const own = origin && URL.parse(`${origin.protocol}//${header("host")}`);
  return origin !== null && origin.host === own?.host;
}

/**
 * Makes the Set-Cookie headers that sign in by a token, or out without one. The cookie of the other name
 * goes, or it would be sent beside the new one.
 * @param isSecure whether the page came by TLS, be it that of a proxy
 * @param maxAge seconds; undefined: until the browser ends
 */
export function cookiesOf(token: string | undefined, isSecure: boolean, maxAge?: number): string[] {
  const own = isSecure ? names.secure : names.plain;
  return Object.values(names).map((name) => {
    const isSet = name === own && token !== undefined;
    const age = isSet ? maxAge : 0;
    const secure = name === names.secure ? "; Secure" : "";
    const lasts = age === undefined ? "" : `; Max-Age=${age}`;
    return `${name}=${isSet ? token : ""}; Path=/; HttpOnly; SameSite=Strict${secure}${lasts}`;
  });
}
