import { hash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { withoutScope } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits, loginDelays } from "../limits.ts";
import { addressBlock } from "./address.ts";
import * as statements from "./throttle-statements.ts";

/**
 * The delay after that many failures in a row, in milliseconds.
 *
 * Guessing is slowed down by three counts of failures, kept in the database and so the same for all servers:
 *
 * - of an account from one address: what its owner's typing errors, and most guessing, meet;
 * - of an account from anywhere: guessing that is spread over many addresses;
 * - of an address, whatever the account: one password tried on many accounts.
 *
 * After some free failures each further attempt has to wait, twice as long each time up to a limit: never for
 * ever. Where an account has logged in from an address, only the first count matters there: strangers
 * elsewhere can neither lock its owner out nor slow him down.
 */
export function delayMs(kind: keyof typeof loginDelays, failures: number): number {
  const { free, firstMs, mostMs } = loginDelays[kind];
  return failures < free ? 0 : Math.min(firstMs * 2 ** Math.min(failures - free, 30), mostMs);
}

/**
 * Runs `prove`, unless too many attempts failed before. It is counted as a failure from its beginning, so
 * that many at once are no way around, until it resolves to something. Where it throws, nothing counts: it
 * must not throw once a wrong password was compared, or calls that are cut off at the right moment would be
 * free guesses.
 * @param account the user's id; where there is no such user, the email that was given
 * @param address where the attempt comes from; undefined for one that comes from no network
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
    // Also where the caller is gone, whose signal would stop this.
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

/** Counts one failure more for each rule that applies, and answers for which. */
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
