/** Deeper levels are indented no further, so that nested brackets cannot fill the memory. */
const deepest = 32;

const token = /\{\s*\}|\[\s*\]|"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|\s+/g;

/**
 * A JSON text with a line for each value. Numbers stay as they are written, so that no digit is lost.
 * @returns undefined if the text is not JSON, or not an object or a list
 */
export function indentJson(text: string): string | undefined {
  if (parseBranch(text) === undefined) return undefined;
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, deepest))}`;
  return text.replace(token, (part) => {
    if (/^\s/.test(part)) return "";
    if (part === "{" || part === "[") {
      depth++;
      return part + line();
    }
    if (part === "}" || part === "]") {
      depth--;
      return line() + part;
    }
    if (part === ",") return `,${line()}`;
    return part === ":" ? ": " : part;
  });
}

/** The object or list that a JSON text is; undefined if the text is no JSON, or another value. */
export function parseBranch(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
