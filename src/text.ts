// Characters are Unicode code points, as PostgreSQL counts them in a varchar. JavaScript's own `length` and
// `slice` count UTF-16 units, of which an emoji has two.

export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The first `most` characters of a text: no character is cut in two. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  for (let count = 0; count < most && end < text.length; count++)
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

/** As many of the first characters of a text as take at most `most` bytes in UTF-8. */
export function cutBytes(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(most)).read);
}

// Control characters but U+000A move a terminal's cursor, change its colours or its title; the others change
// the order in which text is shown.
const acting = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text for a terminal: each character that would act on it is replaced. */
export function makePrintable(text: string): string {
  return text.replace(acting, "�");
}

/** JSON for a terminal, in which such characters are escaped, so that nothing is lost. */
export function makePrintableJson(json: string): string {
  return json.replace(acting, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A time in UTC to the minute, as "2026-01-31 23:59". */
export function formatUtcMinute(time: Date): string {
  return time.toISOString().slice(0, 16).replace("T", " ");
}

/** Writes a text as one word of the shell. */
export function quote(text: string): string {
  return isPlainWord(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whether a shell takes a text as the word that it is. */
export function isPlainWord(text: string): boolean {
  return /^[\w./:@%+=,-]+$/.test(text);
}
