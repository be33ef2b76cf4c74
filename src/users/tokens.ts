import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { newId, uuidOf } from "../ids.ts";

/**
 * The secret texts of credentials have these forms:
 *
 * - API key: `ltb_<id>_<secret><checksum>`, id 12 and secret 32 characters of base62, for example
 *   `ltb_4fJ2kQ9sLx0B_<32 characters><6 characters>`; id is `api_keys.key_id`.
 * - Session token: `lts_<id>_<secret><checksum>`, id 32 hexadecimal digits: `sessions.id`.
 * - Code, which Login takes once for a session: `ltc_<id>_<secret><checksum>`, id that of the session.
 *
 * The id finds the row and is no secret; the secret has 190 random bits, and only the SHA-256 of the whole
 * text is kept. The checksum is the CRC-32 (as of zip) of all before it, as six digits of base62 (0-9, A-Z,
 * a-z), as in GitHub's tokens ("Behind GitHub's new authentication token formats", 2021). It keeps no one
 * out: by it a mistyped or cut key is refused without a query, and scanners for leaked secrets are sure.
 */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const secretLength = 32;
const keyIdLength = 12;
const checksumLength = 6;

const ending = `_[0-9A-Za-z]{${secretLength + checksumLength}}$`;
const tokenPattern = new RegExp(`^(?:ltb_[0-9A-Za-z]{${keyIdLength}}|lts_[0-9a-f]{32})${ending}`);
const codePattern = new RegExp(`^ltc_[0-9a-f]{32}${ending}`);

/** The length of a session token, the longer of both. */
const tokenLengthMax = 4 + 32 + 1 + secretLength + checksumLength;

/** The parts of a secret text. Only the database knows whether it is valid. */
export interface Token {
  readonly kind: "key" | "session";
  /** `api_keys.key_id` or `sessions.id`. Not secret. */
  readonly id: string;
  /** SHA-256 of the text in hex, as it is stored. */
  readonly hash: string;
}

/** The parts of a code, which authenticates no call. */
export type Code = Pick<Token, "id" | "hash">;

/** A new credential. `text` is shown to its owner once and stored nowhere. */
export interface NewToken extends Token {
  readonly text: string;
}

export function newApiKey(): NewToken {
  return finish("key", base62(keyIdLength), "ltb");
}

/** Makes a new session token; its id is that of the session. */
export function newSessionToken(id = newId()): NewToken {
  return finish("session", id, "lts");
}

/** Makes a code; its id is that of the session that begins with it. */
export function newLoginCode(): Omit<NewToken, "kind"> {
  return finish("session", newId(), "ltc");
}

/** Reads an API key or session token. Undefined for another form, and for a mistyped or incomplete one. */
export function parseToken(text: string): Token | undefined {
  if (!isWhole(text, tokenPattern)) return undefined;
  const id = text.slice(4, text.lastIndexOf("_"));
  const isKey = text.startsWith("ltb_");
  return {
    kind: isKey ? "key" : "session",
    id: isKey ? id : uuidOf(Buffer.from(id, "hex")),
    hash: sha256(text),
  };
}

/** Reads a code in the same way. */
export function parseCode(text: string): Code | undefined {
  if (!isWhole(text, codePattern)) return undefined;
  return { id: uuidOf(Buffer.from(text.slice(4, 36), "hex")), hash: sha256(text) };
}

function isWhole(text: string, pattern: RegExp): boolean {
  if (text.length > tokenLengthMax || !pattern.test(text)) return false;
  return checksum(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

/** Compares two hashes of tokens in a time that does not depend on where they differ. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function finish(kind: Token["kind"], id: string, prefix: "ltb" | "lts" | "ltc"): NewToken {
  const body = `${prefix}_${id.replaceAll("-", "")}_${base62(secretLength)}`;
  const text = `${body}${checksum(body)}`;
  return { kind, id, text, hash: sha256(text) };
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = "";
  for (let i = 0; i < checksumLength; i++) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Draws random characters with equal probability. Bytes beyond the last multiple of 62 are drawn again. */
function base62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
