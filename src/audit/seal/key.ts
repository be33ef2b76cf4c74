import { createHmac, createSecretKey, hash, randomBytes } from "node:crypto";
import { link, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "../../config/error.ts";
import { readTextFile } from "../../files.ts";
import { hasCode, messageOf } from "../../thrown.ts";

/** Lengths in bytes of a key's id, and of a key. */
export const KEY_ID_BYTES = 8;
export const MAC_BYTES = 32;

/** A key that seals are made with. */
export interface SealKey {
  /** Identifies the key without revealing anything about it: 16 hexadecimal digits. */
  readonly id: string;
  /** The key's place in the file, from 0: each key replaces those before it. */
  readonly place: number;
  /** HMAC-SHA-256. */
  mac(bytes: Buffer): Buffer;
}

/** The keys of a key file. All of them verify, the last one seals. */
export interface KeyRing {
  readonly current: SealKey;
  readonly byId: ReadonlyMap<string, SealKey>;
}

/**
 * Reads a key file, which has one key per line, as 64 hexadecimal digits, each key once.
 * @returns undefined if there is no such file
 * @throws ConfigError if it cannot be read or holds anything else
 */
export async function readKeyFile(path: string): Promise<KeyRing | undefined> {
  const text = await readTextFile(path).catch((error) => {
    throw keyFileProblem(`expected a readable file, got ${path}: ${messageOf(error)}`);
  });
  if (text === undefined) return undefined;
  const lines = text.trim().split(/\s*\n\s*/);
  const keys = lines.map((line, place) => sealKey(Buffer.from(line, "hex"), place));
  const current = keys.at(-1);
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (current && byId.size === keys.length && lines.every((line) => /^[0-9a-f]{64}$/i.test(line)))
    return { current, byId };
  // The message does not quote the text, which may be a key after all.
  const expected = `different lines of 64 hexadecimal digits in ${path}, such as "openssl rand -hex 32" prints`;
  throw keyFileProblem(`expected ${expected}, got something else`);
}

function sealKey(bytes: Buffer, place: number): SealKey {
  const key = createSecretKey(bytes);
  const id = hash("sha256", Buffer.concat([Buffer.from("ltb audit key id\0"), bytes]), "hex");
  return {
    id: id.slice(0, 2 * KEY_ID_BYTES),
    place,
    mac: (message) => createHmac("sha256", key).update(message).digest(),
  };
}

/** Makes a key file for this user only. One that exists stays: servers that start at once share the first. */
export async function createKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  await writeFile(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    // The link appears whole or not at all, and never replaces another server's file.
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * True if other users may read the file. One of root may be its group's, by which alone we can read it: so
 * Kubernetes mounts secrets. Windows has no such modes.
 */
export async function isOpenToOthers(path: string): Promise<boolean> {
  const { mode, uid } = await stat(path);
  const isRoots = uid === 0 && process.geteuid?.() !== 0;
  return process.platform !== "win32" && (mode & (isRoots ? 0o037 : 0o077)) !== 0;
}

export function keyFileProblem(message: string): ConfigError {
  return new ConfigError([{ name: "LTB_AUDIT_KEY_FILE", message }]);
}
