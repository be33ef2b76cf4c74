import { lazy, Suspense, useMemo } from "react";
import { loadFile } from "../../data/loadFile.ts";
import { Copy } from "../../parts/Copy.tsx";
import { bytes } from "../../parts/format.ts";
import { Conversation } from "../../parts/texts/Conversation.tsx";
import { JsonTree } from "../../parts/texts/JsonTree.tsx";
import { treeOf } from "../../parts/texts/jsonTree.ts";
import { Text } from "../../parts/texts/Text.tsx";
import type { Readable, View } from "./views.ts";

const Markdown = lazy(() =>
  loadFile(() => import("../../parts/texts/Markdown.tsx")).then((file) => ({ default: file.Markdown })),
);

/** One text of a sample, in the chosen view where it can be read so, and else as it is. */
export function Panel({ readable, view }: { readable: Readable; view: View }) {
  const { name, text } = readable;
  return (
    <section className="panel">
      <div className="head">
        <h2>{name}</h2>
        {text !== undefined && (
          <span className="soft small">
            {bytes(new Blob([text]).size)} <Copy key={text} text={text} what={name} />
          </span>
        )}
      </div>
      {text === undefined ? (
        <p className="soft">none</p>
      ) : (
        <Content readable={readable} text={text} view={view} />
      )}
    </section>
  );
}

function Content({
  readable: { name, isJson, turns },
  text,
  view,
}: {
  readable: Readable;
  text: string;
  view: View;
}) {
  if (view === "chat" && turns) return <Conversation turns={turns} label={name} />;
  // JSON is no Markdown: marks in it would be taken for that.
  if ((view === "json" || view === "markdown") && isJson) return <Tree text={text} label={name} />;
  if (view === "markdown")
    return (
      <Suspense fallback={<Text text={text} label={name} />}>
        <Markdown text={text} label={name} />
      </Suspense>
    );
  return <Text text={text} label={name} />;
}

function Tree({ text, label }: { text: string; label: string }) {
  const root = useMemo(() => treeOf(text), [text]);
  return <JsonTree root={root} label={label} />;
}
