import { diffLines, diffWordsWithSpace } from "diff";
import { useMemo } from "react";

/** Longer texts are compared by lines, and those that take longer than this are shown as they are. */
const [mostWords, timeout] = [20_000, 1_500];

/** Two texts as one, with what was taken out and what was put in. */
export default function WordDiff({ before, after }: { before: string; after: string }) {
  const changes = useMemo(() => changesOf(before, after), [before, after]);
  if (before === after) return <p className="soft">Both are the same.</p>;
  if (!changes)
    return (
      <>
        <p className="soft">The texts are too different to tell word by word what changed.</p>
        <pre className="document">{before}</pre>
        <pre className="document">{after}</pre>
      </>
    );
  return (
    <pre className="document diff">
      {changes.map(({ value, added, removed }, index) => {
        if (added) return <ins key={index}>{value}</ins>;
        if (removed) return <del key={index}>{value}</del>;
        return value;
      })}
    </pre>
  );
}

function changesOf(before: string, after: string) {
  const isLong = before.length + after.length > mostWords * 6;
  return isLong ? diffLines(before, after, { timeout }) : diffWordsWithSpace(before, after, { timeout });
}
