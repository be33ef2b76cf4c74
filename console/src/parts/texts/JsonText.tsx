import { useMemo } from "react";
import { indentJson } from "./indent.ts";
import { Text } from "./Text.tsx";

/** A JSON document that came as text, with every digit that is stored. */
export function JsonText({ text, label }: { text: string; label: string }) {
  const shown = useMemo(() => indentJson(text) ?? text, [text]);
  return <Text text={shown} label={label} />;
}
