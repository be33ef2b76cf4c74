import type { JsonValue } from "./validation.ts";

/** The mark that stands where a secret was. */
export const redacted = "[redacted]";

/** Names of fields and texts that are taken for secrets. */
export interface SecretPatterns {
  /** A field with such a name holds a secret, unless its value is a number or a boolean. */
  names: RegExp;
  /** A text of this form is a secret; global. */
  texts: RegExp;
}

const password = "pass(?:word|wd|phrase)";
const keys = "(?:api|private|access|secret|signing|encryption)[_-]?key";

// Our own keys and those of providers, at the start of a word.
const words = [
  "lt[bs]_[0-9A-Za-z-]+_[0-9A-Za-z]{16,}",
  String.raw`sk-[\w-]{16,}`,
  "(?:hf|gsk|gh[opsur])_[0-9A-Za-z]{20,}",
  String.raw`AIza[\w-]{35}`,
  String.raw`(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
].join("|");
const bearer = String.raw`bearer\s+[\w.~+/=-]{8,}`;

// Hashes of passwords, passwords in URLs, and keys in their queries.
const others = [
  String.raw`\$(?:argon2(?:id|i|d)|2[abxy]|scrypt|pbkdf2[\w-]*)\$[^\s"]+`,
  String.raw`:\/\/[^\s/@:"]*:[^\s/@"]+@`,
  String.raw`[?&](?:${keys}|key|access[_-]?token)=[^\s&#"']{8,}`,
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
  names: new RegExp(
    `(?:${password}|secret|credentials?|authorization|cookies?|${keys}|` +
      "(?:access|api|auth|bearer|hf|hub|refresh|secret|session)[_-]?token|pwd)$",
    "i",
  ),
  // Arguments in one text, `model=gpt-4,api_key=…`, have names too.
  texts: new RegExp(
    String.raw`(?<=^(?:[\w-]+=[^,\s]*,)*(?:\w*${keys}|${password}|token)=)[^,\s]+|\b(?:${words})|${others}`,
    "gi",
  ),
};

/**
 * Replaces values of fields that are named like a secret, and texts that look like one, by "[redacted]".
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
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(clean);
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [
        cleanText(name),
        isSecret(name, inner, patterns) ? hide() : clean(inner),
      ]),
    );
  };
  const cleanText = (text: string) =>
    text.toWellFormed().replaceAll("\0", "\uFFFD").replace(patterns.texts, hide);
  return clean(value) as T;
}

function isSecret(name: string, value: JsonValue, { names }: SecretPatterns): boolean {
  if (value === null || value === "" || value === redacted) return false;
  return (typeof value === "string" || typeof value === "object") && names.test(name);
}
