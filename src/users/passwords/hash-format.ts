import { limits } from "../../limits.ts";

/**
 * Limits of the parameters of imported hashes. Without them, a caller who may create users could make the
 * server spend gigabytes or minutes on each login. The defaults of PHP, Django, passlib, libsodium
 * ("interactive") and node-argon2 are within.
 */
const bounds = {
  /** KiB. */
  memory: 131_072,
  passes: 10,
  /** KiB times passes: about half a second. */
  work: 524_288,
  parallelism: 16,
  saltBytes: { min: 8, max: 64 },
  tagBytes: { min: 12, max: 64 },
  /** Each step doubles the time; 14 takes about a second. */
  bcryptCost: { min: 4, max: 14 },
} as const;

export interface Argon2Hash {
  readonly kind: "argon2id" | "argon2i";
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** `text` has the prefix `$2b$`. */
type BcryptHash = { readonly kind: "bcrypt"; readonly text: string };

export type PasswordHash = Argon2Hash | BcryptHash;

const example = "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH, or a bcrypt hash such as $2b$12$…";
const numbers = String.raw`m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,7})`;
const argon2 = new RegExp(
  String.raw`^\$(argon2id|argon2i)\$v=19\$${numbers}\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`,
);
const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/**
 * Reads a stored or imported hash: argon2id or argon2i, version 19, as a PHC string
 * (github.com/P-H-C/phc-string-format), or bcrypt with the prefix `$2a$`, `$2b$` or `$2y$`.
 * @returns the hash, or what is wrong with it
 */
export function readHash(text: string): PasswordHash | { fault: string } {
  if (text.length > limits.passwordHashLength) {
    return { fault: `must have at most ${limits.passwordHashLength} characters, has ${text.length}` };
  }
  const [, cost] = bcrypt.exec(text) ?? [];
  if (cost !== undefined) return readBcrypt(text, Number(cost));
  const [, kind, memory, passes, parallelism, salt = "", tag = ""] = argon2.exec(text) ?? [];
  if (kind === undefined) return { fault: `must be an argon2id hash such as ${example}` };
  const hash: Argon2Hash = {
    kind: kind === "argon2i" ? "argon2i" : "argon2id",
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
  if (base64(hash.salt) !== salt || base64(hash.tag) !== tag) {
    return { fault: "must have salt and hash in base64 without padding" };
  }
  const fault = boundsFault(hash);
  return fault === undefined ? hash : { fault };
}

/** Writes an argon2 hash as a PHC string. */
export function formatHash({ kind, memory, passes, parallelism, salt, tag }: Argon2Hash): string {
  return `$${kind}$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

function readBcrypt(text: string, cost: number): PasswordHash | { fault: string } {
  const { min, max } = bounds.bcryptCost;
  if (cost < min || cost > max) return { fault: `must have a bcrypt cost of ${min} to ${max}, has ${cost}` };
  // The prefixes distinguish faults of early implementations; today they all mean the same.
  return { kind: "bcrypt", text: `$2b${text.slice(3)}` };
}

function boundsFault({ memory, passes, parallelism, salt, tag }: Argon2Hash): string | undefined {
  if (parallelism > bounds.parallelism) {
    return `must have a parallelism of at most ${bounds.parallelism}, has ${parallelism}`;
  }
  const least = 8 * parallelism;
  if (memory < least || memory > bounds.memory) {
    return `must have a memory of ${least} to ${bounds.memory} KiB, has ${memory}`;
  }
  if (passes > bounds.passes || passes * memory > bounds.work) {
    return `must have at most ${bounds.passes} passes, and memory times passes of at most ${bounds.work} KiB`;
  }
  return lengthFault("salt", salt, bounds.saltBytes) ?? lengthFault("hash", tag, bounds.tagBytes);
}

function lengthFault(what: string, { length }: Buffer, { min, max }: { min: number; max: number }) {
  if (length >= min && length <= max) return undefined;
  return `must have a ${what} of ${min} to ${max} bytes, has ${length}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
