import { limits } from "../../limits.ts";
import { commonPasswords } from "./common.ts";

/** Of whom the password is to be. */
export interface Account {
  email: string;
  username: string;
}

/** How many characters people see in it, about; what is far too long is not looked through. */
export function passwordLength(password: string): number {
  return password.length > 4 * limits.passwordLength
    ? password.length
    : [...password.normalize("NFKC")].length;
}

/**
 * What is wrong with a new password; undefined if nothing is. Length counts, not kinds of characters (NIST SP
 * 800-63B, 3.1.1.2): rules about those make passwords harder to remember, not to guess.
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
