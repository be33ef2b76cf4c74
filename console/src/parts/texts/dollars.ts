// Code, and pairs of signs that hold mathematics. Lengths are bounded, so that a text of openings alone takes
// no time.
const parts =
  /```[\s\S]{0,9999}?```|`[^`\n]{0,999}`|\\\[([\s\S]{0,2000}?)\\\]|\\\(([\s\S]{0,2000}?)\\\)|\$\$([\s\S]{0,2000}?)\$\$|\\\$|\$(?!\s)(?:[^$\n\\]|\\.){0,2000}(?<!\s)\$(?!\d)|\$/g;

/**
 * Marks the mathematics of a Markdown text as remark-math reads it: `\(…\)` and `\[…\]` too, and no sums of
 * money. A pair of dollars counts by the rule of Pandoc: no space within the signs, no digit after them.
 */
export function markMathematics(text: string): string {
  return text.replace(parts, (whole, one?: string, inline?: string, other?: string) => {
    const display = one ?? other;
    if (display !== undefined) return `\n$$\n${display.trim()}\n$$\n`;
    if (inline !== undefined) return `$${inline.trim()}$`;
    return whole === "$" ? "\\$" : whole;
  });
}
