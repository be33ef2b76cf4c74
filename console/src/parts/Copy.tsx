import { useState } from "react";

/** Copies a text as it is, also where the page came without encryption. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [said, say] = useState("Copy");
  return (
    <button
      type="button"
      className="small"
      aria-label={`Copy ${what}`}
      onClick={() => void copy(text).then((done) => say(done ? "Copied" : "Not allowed"))}
    >
      {said}
    </button>
  );
}

async function copy(text: string): Promise<boolean> {
  // Browsers have the clipboard's interface in secure contexts only.
  if (navigator.clipboard)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
