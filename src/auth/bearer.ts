import { limits } from "../limits.ts";

/**
 * Reads the credential of an `authorization: Bearer <token>` (RFC 6750, section 2.1; the scheme in any case,
 * as in RFC 9110). Undefined for any other scheme or form.
 */
export function bearerOf(authorization: string): string | undefined {
  if (authorization.length > limits.authorizationLength) return undefined;
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
}
