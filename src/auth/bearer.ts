/** Longer ones are not looked at: no credential takes this many characters. */
const longest = 512;

/**
 * The credential of an `authorization: Bearer <token>` (RFC 6750, section 2.1; the scheme in any case, as RFC 9110 has it).
 * Undefined for any other scheme or form.
 */
export function bearerOf(authorization: string): string | undefined {
  if (authorization.length > longest) return undefined;
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
}
