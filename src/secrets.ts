import { rawJson } from "./json-numbers.ts";
import type { JsonObject, JsonValue } from "./validation.ts";

/** The mark that stands where a secret was. */
export const redacted = "[redacted]";

/** Names of fields and texts that are taken for secrets. */
interface SecretPatterns {
  /** A field with such a name holds a secret, unless its value is a number or a boolean. */
  names: RegExp;
  /** A field with such a name holds a secret if its value looks like one. Default: none. */
  doubtful?: RegExp;
  /** A text of this form is a secret; global. */
  texts: RegExp;
}

const password = "pass(?:word|wd|phrase)";
const keys = "(?:api|private|access|secret|signing|encryption)[_-]?key";

// Our own keys and those of providers, and signed tokens, at the start of a word.
const words = [
  "lt[bcs]_[0-9A-Za-z-]+_[0-9A-Za-z]{16,}",
  String.raw`sk-[\w-]{16,}`,
  "(?:hf|gsk|gh[opsur])_[0-9A-Za-z]{20,}",
  String.raw`AIza[\w-]{35}`,
  String.raw`(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
  String.raw`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}`,
].join("|");
const bearer = String.raw`bearer\s+[\w.~+/=-]{8,}`;

// Hashes of passwords, passwords in URLs, and keys in their queries.
const others = [
  String.raw`\$(?:argon2(?:id|i|d)|2[abxy]|scrypt|pbkdf2[\w-]*)\$[^\s"]+`,
  String.raw`:\/\/[^\s/@:"]*:[^\s/@"]+@`,
  String.raw`[?&](?:${keys}|key|(?:access[_-]?)?token)=[^\s&#"']{8,}`,
].join("|");

const scheme = String.raw`(?:bearer|basic|token|digest)\s+`;
const tokens = "(?:access|api|auth|bearer|hf|hub|refresh|secret|session)[_-]?token";
// Letters, digits and signs of keys, with at least one of the first two each.
const mixed = String.raw`(?=[\w.~+/=-]*\d)(?=[\d.~+/=_-]*[a-z])[\w.~+/=-]`;
const assigned = (signs: string) => String.raw`\\?["']?\s{0,3}[${signs}]\s{0,3}\\?["']?`;

// Headers, members of JSON and settings within a text. What may be repeated before a value is bounded, so
// that no text takes long.
const named = [
  String.raw`(?<=\bauthorization${assigned(":=")})${scheme}[^\s"',;\\]+`,
  String.raw`(?<=\bx-[\w-]{0,40}(?:key|token|secret)${assigned(":")})(?!\[redacted)[^\s"',;\\]+`,
  String.raw`(?<=(?:${keys}|${password}|secret|${tokens})\\?["']\s{0,3}:\s{0,3}\\?["'])(?!\[redacted)[^\s"'\\]+`,
  // Not a token of a model's output: see isSecret.
  String.raw`(?<=["']token\\?["']\s{0,3}:\s{0,3}\\?["'])${mixed}{8,}(?=\\?["'])(?!\\?["']\s{0,3},\s{0,3}\\?["']logprob)`,
  String.raw`(?<=\bcookie${assigned(":")})[\w.-]+=${mixed}{8,}`,
  String.raw`(?<=${keys}\s{0,3}[:=]\s{0,3})${mixed}{6,}(?![\w.~+/=([-])`,
  String.raw`\bbearer\s+${mixed}{16,}`,
].join("|");

const inName = `${password}|secret|credential|authorization|cookie`;
const atEndOfName = `${keys}|token|pwd|(?:key|token)[_-]?hash`;

/** Patterns for texts that nobody reads as data. In doubt, something is a secret. */
export const anySecret: SecretPatterns = {
  names: new RegExp(`${inName}|(?:${atEndOfName})$`, "i"),
  texts: new RegExp(String.raw`\b(?:${words}|${bearer})|${others}`, "gi"),
};

/** Says of a JSON text, cheaply, whether `anySecret` may find something in it. */
export const mayHoldSecret = new RegExp(`${inName}|(?:${atEndOfName})"|${anySecret.texts.source}`, "i");

/** Patterns for data that should stay as they are: prose speaks of bearers, and every word is a `token`. */
export const plainSecret: SecretPatterns = {
  names: new RegExp(`(?:${password}|secret|credentials?|authorization|cookies?|${keys}|${tokens}|pwd)$`, "i"),
  doubtful: /^token$/i,
  // Arguments in one text, `model=gpt-4,api_key=…`, have names too.
  texts: new RegExp(
    String.raw`(?<=^(?:[\w-]+=[^,\s]*,)*(?:\w*${keys}|${password}|token)=)[^,\s]+|\b(?:${words})|${others}|${named}`,
    "gi",
  ),
};

/** A value that a doubtful name, or a pair of texts, makes a secret. */
export const looksSecret = new RegExp(`^(?:${scheme}\\S+|${mixed}+)$`, "i");

/**
 * Replaces values of fields that are named like a secret, and texts that look like one, by "[redacted]".
 * So are those of pairs, `["Authorization", "Bearer …"]` and `{ "name": "x-api-key", "value": "…" }`, if they
 * look like secrets: two words of prose may stand like that too.
 * Strings come back as PostgreSQL can store them.
 * @param onFound called for each that was replaced
 */
export function withoutSecrets<T extends JsonValue>(
  value: T,
  patterns: SecretPatterns,
  onFound: () => void = () => undefined,
): T {
  const hide = () => {
    onFound();
    return redacted;
  };
  const clean = (part: JsonValue): JsonValue => {
    if (typeof part === "string") return cleanText(part);
    // A number with more digits than a double has is an object too: see `JsonText`.
    if (typeof part !== "object" || part === null || rawJson.isRawJSON(part)) return part;
    if (Array.isArray(part)) {
      const [name = null, value] = part;
      return part.length === 2 && isSecretPair(name, value, patterns) ? [name, hide()] : part.map(clean);
    }
    const isPair = isSecretPair(part.name ?? part.key, part.value, patterns);
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [
        cleanText(name),
        isSecret(name, inner, part, patterns) || (isPair && name === "value") ? hide() : clean(inner),
      ]),
    );
  };
  const cleanText = (text: string) =>
    text.toWellFormed().replaceAll("\0", "\uFFFD").replace(patterns.texts, hide);
  return clean(value) as T;
}

function isSecret(name: string, value: JsonValue, owner: JsonObject, patterns: SecretPatterns): boolean {
  if (value === null || value === "" || value === redacted) return false;
  if (typeof value !== "string" && typeof value !== "object") return false;
  if (patterns.names.test(name)) return true;
  // A token of a model's output is no secret, and has its probability beside it.
  const isDoubtful = patterns.doubtful?.test(name) && !("logprob" in owner);
  return isDoubtful && typeof value === "string" ? value.length >= 8 && looksSecret.test(value) : false;
}

function isSecretPair(name: unknown, value: unknown, { names }: SecretPatterns): boolean {
  if (typeof name !== "string" || typeof value !== "string") return false;
  return /^[\w.-]+$/.test(name) && names.test(name) && !looksSecret.test(name) && looksSecret.test(value);
}
