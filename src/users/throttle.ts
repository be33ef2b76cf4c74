import { hash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { withoutScope } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits, loginDelays } from "../limits.ts";
import { addressBlock } from "./address.ts";
import * as statements from "./throttle-statements.ts";

/**
 * Computes the delay after that many failures in a row, in milliseconds.
 *
 * Three counts of failures slow guessing down. They are in the database, and so the same for all servers:
 *
 * - of an account from one address, for its owner's typing errors and most guessing;
 * - of an account from anywhere, for guessing that is spread over many addresses;
 * - of an address, whatever the account, for one password tried on many accounts.
 *
 * After some free failures each further attempt has to wait, twice as long each time, up to a limit, so never
 * for ever. For an address from which the account has logged in, only the first count matters: strangers
 * elsewhere can neither lock out nor delay the owner.
 */
export function delayMs(kind: keyof typeof loginDelays, failures: number): number {
  const { free, firstMs, mostMs } = loginDelays[kind];
  return failures < free ? 0 : Math.min(firstMs * 2 ** Math.min(failures - free, 30), mostMs);
}

/**
 * Runs `prove`, unless too many attempts failed before. The attempt counts as a failure until `prove`
 * resolves to a value, so that many attempts at once do not help. If `prove` throws, nothing counts. So it
 * must not throw after a wrong password was compared, or calls that are cut off at the right moment would be
 * free guesses.
 * @param account the user's id; if there is no such user, the given email
 * @param address the origin of the attempt; undefined if it does not come from a network
 * @throws RESOURCE_EXHAUSTED with the time to wait
 */
export async function throttle<T>(
  db: Executor,
  account: string,
  address: string | undefined,
  prove: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const name = account.toLowerCase();
  const block = address && addressBlock(address);
  const pair = { kind: "pair", key: keyOf("pair", name, block ?? "") } as const;
  const wide = [
    { kind: "account", key: keyOf("account", name) } as const,
    ...(block ? [{ kind: "address", key: keyOf("address", block) } as const] : []),
  ];
  const counted = await countAttempt(db, pair, wide);
  const takeBack = async (keys: string[]) => {
    if (keys.length > 0) await db.any(statements.takeBackAttempts(keys));
  };
  let proof: T | undefined;
  try {
    proof = await prove();
  } catch (error) {
    // This also runs if the caller is gone, whose signal would otherwise stop it.
    await withoutScope(() => takeBack(counted)).catch(() => undefined);
    throw error;
  }
  if (proof === undefined) return undefined;
  await takeBack(counted.filter((key) => key !== pair.key));
  await db.any(statements.noteSuccess(pair.key));
  return proof;
}

interface Count {
  kind: keyof typeof loginDelays;
  key: string;
}

/** Counts one more failure for each rule that applies, and returns these rules. */
function countAttempt(db: Executor, pair: Count, wide: Count[]): Promise<string[]> {
  return db.transaction(async (transaction) => {
    const keys = [pair, ...wide].map(({ key }) => key);
    const rows = await transaction.any(
      statements.holdAttempts(keys, limits.loginFailuresHours, limits.knownAddressDays),
    );
    const held = new Map(rows.map((row) => [row.key, row]));
    const applying = held.get(pair.key)?.isKnown ? [pair] : [pair, ...wide];
    const waitMs = Math.max(...applying.map(({ key }) => held.get(key)?.waitMs ?? 0));
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const counts = applying.map(({ kind, key }) => {
      const failures = (held.get(key)?.failures ?? 0) + 1;
      return { key, failures, delayMs: delayMs(kind, failures) };
    });
    await transaction.any(statements.noteAttempts(counts));
    return counts.map(({ key }) => key);
  });
}

function keyOf(...parts: string[]): string {
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, 32);
}

function tooManyAttempts(waitMs: number): ServiceError {
  const seconds = Math.ceil(waitMs / 1000);
  const message = `too many failed attempts: try again in ${seconds} s`;
  return new ServiceError(Code.ResourceExhausted, "TOO_MANY_ATTEMPTS", message, { retryAfterMs: waitMs });
}
