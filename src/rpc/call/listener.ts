import { lookup } from "node:dns/promises";
import { type Address, formatAddress } from "../../address.ts";
import { hasCode, messageOf } from "../../thrown.ts";

/** An open port. */
export interface Listener {
  /** The address as it is bound, with the port that was chosen for 0. */
  readonly address: Address;
  /** Takes no more calls, cuts those left after `graceMs`, and resolves when all is closed. */
  stop(graceMs: number): Promise<void>;
}

/** The addresses of a host: both of `localhost` where the machine has IPv4 and IPv6. */
export async function resolveHost(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** True where the machine lacks the address, as `::1` of a host name that has both. */
export function isAddressMissing(error: unknown): boolean {
  return hasCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT");
}

/** Says which address could not be bound, why, and which variable sets it. */
export function explainListenError(error: unknown, address: Address, variable: string): Error {
  const text = messageOf(error);
  const where = `${formatAddress(address)} (set by ${variable})`;
  if (text.includes("EADDRINUSE")) {
    return new Error(
      `cannot listen on ${where}: another program uses that port; stop it or choose another address`,
      { cause: error },
    );
  }
  if (text.includes("EACCES")) {
    return new Error(`cannot listen on ${where}: not allowed; ports below 1024 need privileges`, {
      cause: error,
    });
  }
  return new Error(`cannot listen on ${where}: ${text}`, { cause: error });
}
