/** The end of a text's beginning of at most so many UTF-16 units, which parts no character. */
export function cutAt(text: string, at: number): number {
  if (text.length <= at) return text.length;
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code < 0xdc00 ? at - 1 : at;
}
