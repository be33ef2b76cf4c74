import type { JsonValue } from "@bufbuild/protobuf";

/**
 * The place of a key in a JSON text that its object has had before; undefined if no object has one twice.
 * @param value what the text was parsed to, in which the last of equal keys counts
 */
export function placeOfRepeatedKey(text: string, value: JsonValue): number | undefined {
  // Most texts have no other colons than those of their keys, and to count them takes little time.
  return countColons(text) === countKeys(value) ? undefined : findRepeatedKey(text);
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) count++;
  return count;
}

function countKeys(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item);
  else for (const key in value) count += 1 + countKeys(value[key] ?? null);
  return count;
}

function findRepeatedKey(text: string): number | undefined {
  const objects: Set<string>[] = [];
  const token = /[{}"]/g;
  while (token.test(text)) {
    const at = token.lastIndex - 1;
    if (text[at] === "{") objects.push(new Set());
    else if (text[at] === "}") objects.pop();
    else {
      const end = endOfString(text, at);
      token.lastIndex = end;
      if (!isKey(text, end)) continue;
      const key = JSON.parse(text.slice(at, end));
      if (objects.at(-1)?.has(key)) return at;
      objects.at(-1)?.add(key);
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let escapes = at;
    while (text[escapes - 1] === "\\") escapes--;
    if ((at - escapes) % 2 === 0) return at + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (" \t\r\n".includes(text[at] ?? ":")) at++;
  return text[at] === ":";
}
