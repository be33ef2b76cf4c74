import { useMemo, useState } from "react";
import { indentJson, parseBranch } from "./indent.ts";
import { type HrefOf, JsonTree } from "./JsonTree.tsx";
import { treeOf } from "./jsonTree.ts";
import { Text } from "./Text.tsx";

/** A JSON document that came as text, with every digit that is stored: as a tree that folds, or as text. */
export function JsonText({
  text,
  label,
  hrefOf,
}: {
  text: string;
  label: string;
  hrefOf?: HrefOf | undefined;
}) {
  const root = useMemo(() => (parseBranch(text) ? treeOf(text) : undefined), [text]);
  const [asText, setAsText] = useState(false);
  const indented = useMemo(() => (asText ? (indentJson(text) ?? text) : ""), [asText, text]);
  const other = asText ? "As a tree" : "As text";
  const isEmpty = root === undefined || root.members.length === 0;
  if (isEmpty) return <Text text={text} label={label} />;
  return (
    <>
      <p className="small">
        <button
          type="button"
          className="link"
          aria-label={`${other}: ${label}`}
          onClick={() => setAsText(!asText)}
        >
          {other}
        </button>
      </p>
      {asText ? <Text text={indented} label={label} /> : <JsonTree {...{ root, label, hrefOf }} />}
    </>
  );
}
