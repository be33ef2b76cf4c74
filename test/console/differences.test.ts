import { expect, test } from "vitest";
import { differencesOf } from "../../console/src/parts/texts/differences.ts";

/** A text of so many lines, and the same with another word in one of them. */
const pairOf = (lines: number): [string, string] => {
  const all = Array.from({ length: lines }, (_, index) => `line ${index} has equal words\n`);
  const at = lines / 2;
  const changed = `line ${at} has other words\n`;
  return [all.join(""), all.with(at, changed).join("")];
};

test("a word that differs is found in texts of usual length", () => {
  const found = differencesOf(...pairOf(100));
  expect(found?.by).toBe("words");
  const changed = found?.parts.filter(({ added, removed }) => added || removed);
  expect(changed?.map(({ value }) => value)).toEqual(["equal", "other"]);
});

test("of texts of 2 MB the line is found, as to look for words would hold the page up", () => {
  const found = differencesOf(...pairOf(70_000));
  expect(found?.by).toBe("lines");
  const changed = found?.parts.filter(({ added, removed }) => added || removed);
  expect(changed?.map(({ value }) => value)).toEqual([
    "line 35000 has equal words\n",
    "line 35000 has other words\n",
  ]);
});
