import { type ChangeObject, diffLines, diffWordsWithSpace } from "diff";

/** Milliseconds that a reader waits for words, and then for lines: the page stands still meanwhile. */
const timeout = 400;

/** In texts longer than that together no words are looked for: to split them alone takes up to a second. */
const mostForWords = 400_000;

/** More parts than these are not drawn: a browser takes seconds for them. */
const mostParts = 20_000;

interface Differences {
  parts: ChangeObject<string>[];
  by: "words" | "lines";
}

/** What has to change in one text to make another of it; undefined where that takes too long to find. */
export function differencesOf(from: string, to: string): Differences | undefined {
  const isShort = from.length + to.length <= mostForWords;
  const words = isShort ? diffWordsWithSpace(from, to, { timeout }) : undefined;
  if (words && words.length <= mostParts) return { parts: words, by: "words" };
  const lines = diffLines(from, to, { timeout });
  return lines && lines.length <= mostParts ? { parts: lines, by: "lines" } : undefined;
}
