import { useState } from "react";
import { bytes, count } from "../format.ts";
import { cutAt } from "./cutAt.ts";
import { Exact } from "./Exact.tsx";

/** More characters than these are shown when the reader asks: they take a browser's time. */
const shownAtFirst = 50_000;

/** A text as it is, with its white space. Nothing in it is run or loaded, and nothing is cut without a word. */
export function Text({ text, label }: { text: string; label: string }) {
  const [whole, showWhole] = useState<string>();
  const end = whole === text ? text.length : cutAt(text, shownAtFirst);
  if (text === "") return <p className="soft">empty</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="document" tabIndex={0} aria-label={label}>
      <pre>
        <Exact text={text.slice(0, end)} />
      </pre>
      {end < text.length && (
        <p className="rest">
          These are the first {count(end)} of {count(text.length)} characters ({bytes(new Blob([text]).size)}{" "}
          in all).{" "}
          <button type="button" onClick={() => showWhole(text)}>
            Show all
          </button>
        </p>
      )}
    </section>
  );
}
