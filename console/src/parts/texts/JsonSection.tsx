import { JsonText } from "./JsonText.tsx";

/** A JSON document under its title; nothing where it is empty. */
export function JsonSection({ title, text }: { title: string; text: string }) {
  if (text === "" || text === "{}") return null;
  return (
    <>
      <h2>{title}</h2>
      <JsonText text={text} label={title} />
    </>
  );
}
