import { limits } from "../../limits.ts";
import { commonPasswords } from "./common.ts";

export interface Account {
  email: string;
  username: string;
}

/** Counts approximately the characters that people see. A far too long text is not examined as a whole. */
export function passwordLength(password: string): number {
  const { length } = password;
  return length > 4 * limits.passwordLength ? length : [...password.normalize("NFKC")].length;
}

/**
 * Explains what is wrong with a new password; undefined if nothing is. Length counts, not kinds of characters
 * (NIST SP 800-63B, 3.1.1.2): rules about kinds make passwords harder to remember, not harder to guess.
 */
export function passwordFault(password: string, { email, username }: Account): string | undefined {
  const length = passwordLength(password);
  if (length < limits.passwordMinLength || length > limits.passwordLength) {
    return `must have ${limits.passwordMinLength} to ${limits.passwordLength} characters, has ${length}`;
  }
  const normal = password.normalize("NFKC");
  if (/\p{Cc}/u.test(normal)) return "must not contain control characters";
  if (!password.isWellFormed()) return "must not contain half of a surrogate pair";
  const folded = normal.toLowerCase();
  if (folded === email.toLowerCase() || folded === username.toLowerCase()) {
    return "must not be the email address or the user name";
  }
  if (commonPasswords.has(folded)) return "is one of the most common passwords; choose another";
  return undefined;
}
