import { type Address, formatAddress } from "../../address.ts";
import { messageOf } from "../../thrown.ts";

/** An open port. */
export interface Listener {
  /** The address as it is bound, with the port that was chosen for 0. */
  readonly address: Address;
  /** Takes no more calls, cuts those left after `graceMs`, and resolves when all is closed. */
  stop(graceMs: number): Promise<void>;
}

/** Says which address could not be bound, why, and which variable sets it. */
export function explainListenError(error: unknown, address: Address, variable: string): Error {
  const text = messageOf(error);
  const [, why = text] = reasons.find(([code]) => text.includes(code)) ?? [];
  const where = `${formatAddress(address)} (set by ${variable})`;
  return new Error(`cannot listen on ${where}: ${why}`, { cause: error });
}

const reasons = [
  ["EADDRINUSE", "another program uses that port; stop it or choose another address"],
  ["EACCES", "not allowed; ports below 1024 need privileges"],
] as const;
