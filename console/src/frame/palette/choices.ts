import { hrefOf } from "../../data/links.ts";
import type { Visited } from "../../data/visited.ts";
import { type KeyName, keys } from "../../keys/table.ts";
import { sections } from "../sections.ts";

/** What the palette can do for the reader. */
export interface Choice {
  group: "Found" | "On this page" | "Recent" | "Pages";
  name: string;
  /** What it is, or the key that does it too. */
  note?: string | undefined;
  /** The page that it leads to. */
  href?: string;
  /** What it presses on this page. */
  press?: HTMLElement;
}

const more: readonly (readonly [string, string])[] = [
  ["Account", "/account"],
  ["Verify the audit trail", "/audit/verify"],
];

export const pages: readonly Choice[] = [
  ...sections.map(({ name, to, key }) => ({ name, to, note: `g ${key}` })),
  ...more.map(([name, to]) => ({ name, to, note: undefined })),
].map(({ name, to, note }) => ({ group: "Pages", name, note, href: hrefOf(to) }));

/** The choices that lead to what was found, or looked at before. */
export function leading(group: Choice["group"], things: readonly Visited[]): Choice[] {
  return things.map(({ kind, name, href }) => ({ group, name, note: kind, href }));
}

const actions = "main .actions :is(a[href], button), main .tabs a, [data-key]";

/** What can be pressed on the page: its actions and views, as far as the reader may. */
export function actionsOfPage(): Choice[] {
  const all = [...document.querySelectorAll<HTMLElement>(`:is(${actions}):not(:disabled, [aria-current])`)];
  return all
    .filter((each) => each.checkVisibility())
    .map((press) => ({
      group: "On this page" as const,
      name: nameOf(press),
      note: press.querySelector("kbd")?.textContent ?? press.getAttribute("aria-keyshortcuts") ?? undefined,
      press,
    }))
    .filter(({ name }) => name !== "");
}

/** The words on a button, without the key that stands there too. Those at the top say how things are. */
function nameOf(element: HTMLElement): string {
  const key = element.dataset.key;
  if (key && key in keys && !element.closest("main")) return keys[key as KeyName].words;
  const words = [...element.childNodes].filter(
    (node) => !(node instanceof Element && (node.matches("kbd") || node.ariaHidden === "true")),
  );
  return (
    element.ariaLabel ??
    words
      .map(({ textContent }) => textContent)
      .join("")
      .trim()
  );
}

/** Whether each word of what was typed is in the name, in any script, and without its accents. */
export function matches({ name, note = "" }: Choice, typed: string): boolean {
  const text = plain(`${name} ${note}`);
  return plain(typed)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** "Ｃafé" is "cafe": wide letters, accents and case make no difference. */
function plain(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .normalize("NFC");
}
