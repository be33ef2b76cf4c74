import { lazy, Suspense, useState } from "react";
import { loadFile } from "../data/loadFile.ts";
import { explanationsIn } from "./reasons.ts";

const Explained = lazy(() =>
  loadFile(() => import("../../../docs/errors.md?raw")).then((file) => {
    const explanations = explanationsIn(file.default);
    return {
      default: ({ reason }: { reason: string }) => {
        const found = explanations.get(reason);
        if (found === undefined)
          return <p>This page does not know it: the service may be of another version.</p>;
        return [found.meaning, found.whatToDo].map((text) => (
          <p key={text}>
            <Inline text={text} />
          </p>
        ));
      },
    };
  }),
);

/** The reason of an error. It unfolds what it means and what to do, as docs/errors.md has it. */
export function Reason({ reason }: { reason: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <code>{reason}</code>: what it means, and what to do
      </summary>
      {isOpen && (
        <Suspense fallback={<p role="status">Loading…</p>}>
          <Explained reason={reason} />
        </Suspense>
      )}
    </details>
  );
}

/** A line of Markdown with code in it. Of links, which lead to other documents, stay the words. */
function Inline({ text }: { text: string }) {
  const parts = text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").split("`");
  return parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
