import { Copy } from "./Copy.tsx";

/** A line of text with a button that copies it. */
export function CopyText({ label, text }: { label: string; text: string }) {
  return (
    <p className="copy">
      <span className="soft">{label}: </span>
      <code>{text}</code> <Copy key={text} text={text} what={label} />
    </p>
  );
}
