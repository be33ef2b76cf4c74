/** What docs/errors.md says of a reason, in Markdown. */
interface Explanation {
  meaning: string;
  whatToDo: string;
}

const row = /^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm;

/** What the text of docs/errors.md says of each reason. */
export function explanationsIn(document: string): ReadonlyMap<string, Explanation> {
  return new Map(
    [...document.matchAll(row)].map(([, reason = "", meaning = "", whatToDo = ""]) => [
      reason,
      { meaning, whatToDo },
    ]),
  );
}
