import { limits } from "../../../../src/limits.ts";
import { countCharacters } from "../../../../src/text.ts";

/** The labels of a benchmark. */
export type Labels = Readonly<Record<string, string>>;

/** A label as it is being typed. */
export interface Row {
  id: number;
  key: string;
  value: string;
}

export const { labels: mostLabels, labelKeyLength, labelValueLength } = limits;

export const rowsOf = (labels: Labels): Row[] =>
  Object.entries(labels).map(([key, value], id) => ({ id, key, value }));

/** What is wrong with the first row that the service would refuse. */
export function problemOf(rows: readonly Row[]): string | undefined {
  const keys = new Set<string>();
  for (const [index, { key, value }] of rows.entries()) {
    const [keyLength, valueLength] = [countCharacters(key), countCharacters(value)];
    if (keyLength === 0) return `Key ${index + 1} is empty.`;
    if (keyLength > labelKeyLength)
      return `Key ${index + 1} has ${keyLength} characters, at most ${labelKeyLength} are possible.`;
    if (valueLength > labelValueLength)
      return `Value ${index + 1} has ${valueLength} characters, at most ${labelValueLength} are possible.`;
    if (keys.has(key)) return `Key ${index + 1} is there twice.`;
    keys.add(key);
  }
  return undefined;
}

/** The labels that differ, each as it was and as it is; undefined where none does. */
export function changesOf(old: Labels, now: Labels): { before: Labels; after: Labels } | undefined {
  const among = (labels: Labels, others: Labels): Labels =>
    Object.fromEntries(Object.entries(labels).filter(([key, value]) => others[key] !== value));
  const changes = { before: among(old, now), after: among(now, old) };
  return Object.keys({ ...changes.before, ...changes.after }).length > 0 ? changes : undefined;
}

/** Rows in which what others changed is as they have it, and the rest as it was typed. */
export function withChanges(
  rows: readonly Row[],
  { before, after }: { before: Labels; after: Labels },
  nextId: { current: number },
): Row[] {
  const kept = rows.filter(({ key }) => !Object.hasOwn(before, key) && !Object.hasOwn(after, key));
  const taken = Object.entries(after).map(([key, value]) => ({ id: nextId.current++, key, value }));
  return [...kept, ...taken];
}
