import { JsonText } from "./JsonText.tsx";
import type { HrefOf } from "./JsonTree.tsx";

/** A JSON document under its title; nothing where it is empty. */
export function JsonSection({
  title,
  text,
  hrefOf,
}: {
  title: string;
  text: string;
  /** Where its values lead. Default: nowhere */
  hrefOf?: HrefOf;
}) {
  if (text === "" || text === "{}") return null;
  return (
    <>
      <h2>{title}</h2>
      <JsonText {...{ text, hrefOf }} label={title} />
    </>
  );
}
