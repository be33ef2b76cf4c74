import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import bcrypt from "bcrypt";
import { currentSignal } from "../../call-scope.ts";
import { Gate } from "../../database/connection/gate.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { type Argon2Hash, formatHash, type PasswordHash, readHash } from "./hash-format.ts";

/**
 * Parameters of new hashes: the minimum in the OWASP Password Storage Cheat Sheet for argon2id (19 MiB, two
 * passes, one lane). If they are raised here, logins replace older hashes by themselves.
 */
const parameters = {
  /** KiB. */
  memory: 19_456,
  passes: 2,
  parallelism: 1,
  saltBytes: 16,
  tagBytes: 32,
} as const;

interface PasswordCheck {
  matches: boolean;
  /** True if the hash is of a weaker kind than new ones. */
  outdated: boolean;
}

// Each hash takes its memory, and one of the few threads that files and name lookups need too.
const gate = new Gate(limits.passwordChecks, {
  maxWaiting: limits.passwordQueue,
  maxWaitMs: limits.passwordWaitMs,
  refusal: (why) => {
    const message = `too many passwords to check: ${why}`;
    return new ServiceError(Code.ResourceExhausted, "OVERLOADED", message, { retryAfterMs: 1_000 });
  },
});

const derive = promisify(argon2);

// A hash that matches no password, because its tag is not the result of any computation.
const decoy = { salt: randomBytes(16), tag: randomBytes(32) };
const decoyHash: Argon2Hash = { kind: "argon2id", ...parameters, ...decoy };

/**
 * Makes the argon2id hash of a password, in NFKC, as a PHC string. Different keyboards send different
 * characters for the same letters (NIST SP 800-63B, 3.1.1.2).
 * @throws RESOURCE_EXHAUSTED if too many are being hashed
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(parameters.saltBytes);
  const normal = password.normalize("NFKC");
  const tag = await gate.pass(() => deriveTag({ ...decoyHash, salt }, normal), currentSignal());
  return formatHash({ kind: "argon2id", ...parameters, salt, tag });
}

/**
 * Compares a password with a stored hash. Without a hash it takes as long as with one, and does not match.
 * @throws RESOURCE_EXHAUSTED if too many are being checked
 */
export async function checkPassword(password: string, stored: string | undefined): Promise<PasswordCheck> {
  const read = readHash(stored ?? "");
  const hash = "fault" in read ? decoyHash : read;
  const normal = password.normalize("NFKC");
  // Other systems hashed the typed text, ours its NFKC form.
  const check = async () =>
    (await isOf(normal, hash)) || (normal !== password && (await isOf(password, hash)));
  const matches = await gate.pass(check, currentSignal());
  return { matches, outdated: matches && isOutdated(hash) };
}

async function isOf(password: string, hash: PasswordHash): Promise<boolean> {
  if (hash.kind === "bcrypt") return bcrypt.compare(password, hash.text);
  return timingSafeEqual(await deriveTag(hash, password), hash.tag);
}

function deriveTag({ kind, memory, passes, parallelism, salt, tag }: Argon2Hash, password: string) {
  return derive(kind, { message: password, nonce: salt, memory, passes, parallelism, tagLength: tag.length });
}

function isOutdated(hash: PasswordHash): boolean {
  if (hash.kind !== "argon2id") return true;
  const { memory, passes, salt, tag } = hash;
  return (
    memory < parameters.memory ||
    memory * passes < parameters.memory * parameters.passes ||
    salt.length < parameters.saltBytes ||
    tag.length < parameters.tagBytes
  );
}
