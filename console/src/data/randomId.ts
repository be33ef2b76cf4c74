/** An id that nobody guesses, 32 hexadecimal digits. crypto.randomUUID is in secure contexts only. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
