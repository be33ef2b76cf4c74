import { useEffect, useState } from "react";

/** Copies a text as it is, also where the page came without encryption. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [said, say] = useSaid("Copy");
  return (
    <button
      type="button"
      className="small"
      aria-label={`${said} ${what}`}
      onClick={() => void copy(text).then(say)}
    >
      {said}
    </button>
  );
}

/** The words on a button that copies: for a moment, whether it was done. */
export function useSaid(words: string): [string, (done: boolean) => void] {
  const [done, setDone] = useState<boolean>();
  useEffect(() => {
    if (done === undefined) return;
    const timer = setTimeout(setDone, 3_000, undefined);
    return () => clearTimeout(timer);
  }, [done]);
  return [done === undefined ? words : done ? "Copied" : "Not allowed", setDone];
}

/** @returns whether the browser allowed it */
export async function copy(text: string): Promise<boolean> {
  // Browsers have the clipboard's interface in secure contexts only.
  if (navigator.clipboard)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  // What a dialog leaves outside cannot be selected.
  const place = document.querySelector("dialog:modal") ?? document.body;
  const area = document.createElement("textarea");
  area.value = text;
  place.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
