import { lazy, Suspense, useMemo } from "react";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { loadFile } from "../../data/loadFile.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { shortcut } from "../../keys/table.ts";
import { Tabs } from "../../parts/Tabs.tsx";
import { Panel } from "./Panel.tsx";
import { readableOf, type View, views } from "./views.ts";

const WordDiff = lazy(() =>
  loadFile(() => import("../../parts/texts/WordDiff.tsx")).then((file) => ({ default: file.WordDiff })),
);

/** The texts of a sample side by side, and the ways to look at them that they allow. */
export function Texts({ evaluation }: { evaluation: Evaluation }) {
  const { input, output, expected } = evaluation;
  const [search] = useSearchState();
  const texts = useMemo(
    () => [readableOf("Input", input), readableOf("Output", output), readableOf("Expected", expected)],
    [input, output, expected],
  );
  const possible: Readonly<Record<View, boolean>> = {
    "": true,
    markdown: true,
    json: texts.some(({ isJson }) => isJson),
    chat: texts.some(({ turns }) => turns !== undefined),
    diff: output !== undefined && expected !== undefined,
  };
  const asked = one(search.view);
  const view = views.find(([name]) => name === asked && possible[name])?.[0] ?? "";
  return (
    <>
      <Tabs
        label="View"
        tabs={views
          .filter(([name]) => possible[name])
          .map(([name, words]) => ({ name, words, keys: keyOf(name, view) }))}
        shown={view}
        searchOf={(name) => ({ ...search, view: name || undefined })}
      />
      {view === "diff" && output !== undefined && expected !== undefined && (
        <section className="panel">
          <h2>From expected to output</h2>
          <Suspense fallback={<p role="status">Comparing…</p>}>
            <WordDiff from={expected} to={output} names={["expected", "output"]} />
          </Suspense>
        </section>
      )}
      <div className="panels">
        {texts.map((readable) => (
          <Panel key={readable.name} readable={readable} view={view} />
        ))}
      </div>
    </>
  );
}

/** `d` and `m` lead to a view, and from it back to the text. */
function keyOf(name: View, shown: View) {
  const led = name === "" ? shown : name === shown ? "" : name;
  return led === "diff" || led === "markdown" ? shortcut(led) : undefined;
}
