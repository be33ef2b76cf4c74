import { createHmac, createSecretKey, hash, type KeyObject, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "../../config/error.ts";

/** Bytes of a key's id, and of what it seals with. */
export const KEY_ID_BYTES = 8;
export const MAC_BYTES = 32;

/** A key that seals are made with. */
export interface SealKey {
  /** Tells keys apart without telling anything about them: 16 hexadecimal digits. */
  readonly id: string;
  /** HMAC-SHA-256. */
  mac(bytes: Buffer): Buffer;
}

/** The keys of a key file: all verify, the last one seals. */
export interface KeyRing {
  readonly current: SealKey;
  readonly byId: ReadonlyMap<string, SealKey>;
}

/**
 * The key file: one key a line, as 64 hexadecimal digits. The last is the one in use; those before it are there to verify what
 * they have sealed.
 * @returns undefined if there is no such file
 * @throws ConfigError if it cannot be read or holds anything else
 */
export async function readKeyFile(path: string): Promise<KeyRing | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw keyFileProblem(
      `expected a readable file, got ${path}: ${error instanceof Error ? error.message : error}`,
    );
  }
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/i.test(line)))
    // The text is not quoted: it may be a key after all.
    throw keyFileProblem(
      `expected lines of 64 hexadecimal digits in ${path}, such as "openssl rand -hex 32" prints, got something else`,
    );
  return keyRing(lines);
}

export function keyRing(lines: readonly string[]): KeyRing {
  const keys = lines.map((line) => sealKey(Buffer.from(line, "hex")));
  const current = keys.at(-1);
  if (current === undefined) throw new TypeError("a key ring needs a key");
  return { current, byId: new Map(keys.map((key) => [key.id, key])) };
}

function sealKey(bytes: Buffer): SealKey {
  const key: KeyObject = createSecretKey(bytes);
  const mac = (message: Buffer) => createHmac("sha256", key).update(message).digest();
  return {
    id: hash("sha256", Buffer.concat([Buffer.from("ltb audit key id\0"), bytes]), "hex").slice(
      0,
      2 * KEY_ID_BYTES,
    ),
    mac,
  };
}

/** Makes a key file that only this user may read, unless there is one by now: servers that start together share the first. */
export async function createKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  await writeFile(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    // Whole or not at all, and never over another's.
    await link(draft, path);
  } catch (error) {
    if (!isExisting(error)) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** True where others than this user may read the file. Windows has no such modes. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  return process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0;
}

export function keyFileProblem(message: string): ConfigError {
  return new ConfigError([{ name: "LTB_AUDIT_KEY_FILE", message }]);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
