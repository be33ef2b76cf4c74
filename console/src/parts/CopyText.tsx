import { useState } from "react";

/** A line of text with a button that copies it. */
export function CopyText({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <p className="copy">
      <span className="soft">{label}: </span>
      <code>{text}</code>{" "}
      <button type="button" onClick={() => void copy()}>
        {copied ? "copied" : "copy"}
      </button>
    </p>
  );
}
