/** `host:port` of a listener; an IPv6 host stands here without its brackets. */
export interface Address {
  host: string;
  /** 0 lets the system choose one. */
  port: number;
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True where only programs of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The address to call a listener by: one that is bound to every address is called on this machine. */
export function callableAddress({ host, port }: Address): Address {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return host === "::" ? { host: "::1", port } : { host, port };
}

/** The address as `host:port`, without a scheme, for lines that people paste. */
export function hostAndPort(address: string): string {
  return address.replace(/^https?:\/\//, "");
}
