/** Deeper levels are indented no further, so that nested brackets cannot fill the memory. */
const deepest = 32;

const token = /\{\s*\}|\[\s*\]|"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|\s+/g;

/**
 * A JSON text with a line for each value. Numbers stay as they are written, so that no digit is lost.
 * @returns undefined if the text is not JSON, or not an object or a list
 */
export function indentJson(text: string): string | undefined {
  if (!isJsonBranch(text)) return undefined;
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

/** Whether a text is JSON, and an object or a list. */
export function isJsonBranch(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
