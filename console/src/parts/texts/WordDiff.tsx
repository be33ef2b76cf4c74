import { useMemo } from "react";
import { differencesOf } from "./differences.ts";
import { Exact } from "./Exact.tsx";

interface Props {
  from: string;
  to: string;
  /** What the two texts are, as "expected" and "output". */
  names: readonly [string, string];
}

/** What has to change in one text to make another of it, word by word. Load it on demand. */
export function WordDiff({ from, to, names: [one, other] }: Props) {
  const found = useMemo(() => differencesOf(from, to), [from, to]);
  if (from === to) return <p className="soft">They are the same, letter for letter.</p>;
  if (!found)
    return (
      <p role="status" className="banner bad">
        The texts differ too much, or are too long, to be compared here; read them side by side.
      </p>
    );
  return (
    <>
      <p className="soft small">
        <span className="removed">only in {one}</span> <span className="added">only in {other}</span>
        {found.by === "lines" && " The texts are too long, or differ too much, for words: these are lines."}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too. */}
      <section className="document" tabIndex={0} aria-label={`Differences of ${one} and ${other}`}>
        <pre>
          {found.parts.map(({ value, added, removed }, index) =>
            added ? (
              <ins key={index}>
                <Exact text={value} />
              </ins>
            ) : removed ? (
              <del key={index}>
                <Exact text={value} />
              </del>
            ) : (
              <Exact key={index} text={value} />
            ),
          )}
        </pre>
      </section>
    </>
  );
}
