import { hash } from "node:crypto";
import { isIPv6 } from "node:net";
import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { withoutScope } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { sql, statement } from "../database/statement/sql.ts";
import { arrayOf, table } from "../database/statement/table.ts";
import { ServiceError } from "../errors.ts";
import { limits, loginDelays } from "../limits.ts";

const exampleKey = "00112233445566778899aabbccddeeff";
const keyRow = z.object({ key: z.string() });

// An attempt's rows are made if missing, and locked in the order of their keys, so no attempts deadlock.
const holdAttempts = statement("login_hold", {
  row: z.object({ key: z.string(), failures: z.number(), waitMs: z.number(), isKnown: z.boolean() }),
  build: (keys: readonly string[], forgetHours: number, knownDays: number) => sql.fragment`
    insert into login_attempts as a (key)
    select key from unnest(${arrayOf("bytea", keys)}) as k (key) order by key
    on conflict (key) do update set key = excluded.key
    returning encode(key, 'hex') as key,
      case
        when last_attempt < clock_timestamp() - make_interval(hours => ${forgetHours}) then 0 else failures
      end as failures,
      greatest(0, ceil(extract(epoch from next_attempt - clock_timestamp()) * 1000))::integer as wait_ms,
      coalesce(succeeded_at > clock_timestamp() - make_interval(days => ${knownDays}), false) as is_known`,
  examples: [[[exampleKey], 24, 90]],
});

const noteAttempts = statement("login_note", {
  row: keyRow,
  build: (notes: readonly { key: string; failures: number; delayMs: number }[]) => sql.fragment`
    update login_attempts a
    set failures = note.failures, last_attempt = clock_timestamp(),
      next_attempt = clock_timestamp() + note.delay_ms * interval '1 ms'
    from ${table("note", notes, { key: "bytea", failures: "int4", delayMs: "int4" })}
    where a.key = note.key
    returning encode(a.key, 'hex') as key`,
  examples: [[[{ key: exampleKey, failures: 1, delayMs: 0 }]]],
});

const takeBackAttempts = statement("login_take_back", {
  row: keyRow,
  build: (keys: readonly string[]) => sql.fragment`
    with held as (
      select key from login_attempts where key = any (${arrayOf("bytea", keys)})
      order by key for no key update
    )
    update login_attempts a set failures = greatest(a.failures - 1, 0), next_attempt = clock_timestamp()
    from held where a.key = held.key
    returning encode(a.key, 'hex') as key`,
  examples: [[[exampleKey]]],
});

const noteSuccess = statement("login_success", {
  row: keyRow,
  build: (key: string) => sql.fragment`
    update login_attempts set failures = 0, next_attempt = clock_timestamp(), succeeded_at = clock_timestamp()
    where key = decode(${key}, 'hex')
    returning encode(key, 'hex') as key`,
  examples: [[exampleKey]],
});

export const forgetAttempts = statement("maintenance_forget_logins", {
  row: z.object({ forgotten: z.number() }),
  build: (forgetHours: number, knownDays: number, limit: number) => sql.fragment`
    with forgotten as (
      delete from login_attempts where key = any (array(
        select key from login_attempts
        where last_attempt < now() - make_interval(hours => ${forgetHours})
          and (succeeded_at is null or succeeded_at < now() - make_interval(days => ${knownDays}))
        limit ${limit}
        for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[24, 90, 10]],
});

/**
 * Computes the delay after that many failures in a row, in milliseconds. Three counts of failures, the same
 * for all servers, slow guessing down:
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
 * resolves to a value, so that many attempts at once do not help. If `prove` throws, nothing counts: it must
 * not throw after a wrong password was compared, or calls that are cut off then would be free guesses.
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
  const pair = countOf("pair", name, address ? addressBlock(address) : "");
  const wide = [
    countOf("account", name),
    ...(address ? [countOf("address", addressBlock(address, 48))] : []),
  ];
  const counted = await countAttempt(db, pair, wide);
  const takeBack = async (keys: string[]) => {
    if (keys.length > 0) await db.any(takeBackAttempts(keys));
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
  await db.any(noteSuccess(pair.key));
  return proof;
}

type Count = { kind: keyof typeof loginDelays; key: string };

/** Counts one more failure for each rule that applies, and returns these rules. */
function countAttempt(db: Executor, pair: Count, wide: Count[]): Promise<string[]> {
  return db.transaction(async (transaction) => {
    const keys = [pair, ...wide].map(({ key }) => key);
    const { loginFailuresHours, knownAddressDays } = limits;
    const rows = await transaction.any(holdAttempts(keys, loginFailuresHours, knownAddressDays));
    const held = new Map(rows.map((row) => [row.key, row]));
    const applying = held.get(pair.key)?.isKnown ? [pair] : [pair, ...wide];
    const waitMs = Math.max(...applying.map(({ key }) => held.get(key)?.waitMs ?? 0));
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const counts = applying.map(({ kind, key }) => {
      const failures = (held.get(key)?.failures ?? 0) + 1;
      return { key, failures, delayMs: delayMs(kind, failures) };
    });
    await transaction.any(noteAttempts(counts));
    return counts.map(({ key }) => key);
  });
}

function countOf(kind: Count["kind"], ...parts: string[]): Count {
  return { kind, key: hash("sha256", JSON.stringify([kind, ...parts]), "hex").slice(0, 32) };
}

function tooManyAttempts(waitMs: number): ServiceError {
  const seconds = Math.ceil(waitMs / 1000);
  const message = `too many failed attempts: try again in ${seconds} s`;
  return new ServiceError(Code.ResourceExhausted, "TOO_MANY_ATTEMPTS", message, { retryAfterMs: waitMs });
}

/**
 * The block that one party is likely to own: an IPv4 address, or the /64 of an IPv6 one; the /48, of which
 * providers give a whole one to a customer, where a block is not to be trusted but slowed down.
 */
export function addressBlock(address: string, bits: 48 | 64 = 64): string {
  if (!isIPv6(address)) return address;
  // The URL parser writes each address in one way only (RFC 5952).
  const { hostname = "[::]" } = URL.parse(`http://[${address}]`) ?? {};
  const [front = "", back] = hostname.slice(1, -1).split("::");
  const groups = (text = "") => text.split(":").filter((group) => group !== "");
  const zeros = back === undefined ? 0 : 8 - groups(front).length - groups(back).length;
  const all = [...groups(front), ...Array<string>(zeros).fill("0"), ...groups(back)];
  return `${all.slice(0, bits / 16).join(":")}::/${bits}`;
}
