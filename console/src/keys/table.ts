interface Key {
  /** As `KeyboardEvent.key` has it. */
  key: string;
  /** What it does, as the list of keys says it. */
  words: string;
  group: "In a list" | "On a page" | "Everywhere";
}

/**
 * The single keys of the console, all of them. A key presses the button or link of the page that bears its
 * name (`shortcut`); what those of lists and of the frame do elsewhere is in `useKeys.ts`.
 */
export const keys = {
  next: { key: "j", words: "next row, or next pair of a comparison", group: "In a list" },
  previous: { key: "k", words: "previous row, or previous pair", group: "In a list" },
  open: { key: "Enter", words: "open the row", group: "In a list" },
  openInTab: { key: "o", words: "open it in a tab", group: "In a list" },
  select: { key: "x", words: "select the row", group: "In a list" },
  selectRange: { key: "X", words: "select all from the one selected before", group: "In a list" },
  filter: { key: "/", words: "to the filters", group: "In a list" },
  retry: { key: "r", words: "retry the job, or those selected", group: "On a page" },
  cancel: { key: "c", words: "cancel the job, those selected, or the benchmark", group: "On a page" },
  before: { key: "[", words: "previous sample", group: "On a page" },
  after: { key: "]", words: "next sample", group: "On a page" },
  diff: { key: "d", words: "difference, or the text again", group: "On a page" },
  markdown: { key: "m", words: "Markdown, or the text again", group: "On a page" },
  copyLink: { key: "y", words: "copy the link", group: "On a page" },
  copyAs: { key: "Y", words: "copy as a command", group: "On a page" },
  pause: { key: "p", words: "pause the page, or go on", group: "Everywhere" },
  go: { key: "g", words: "and a letter: to a page", group: "Everywhere" },
  help: { key: "?", words: "these keys", group: "Everywhere" },
  close: { key: "Escape", words: "close, or leave the filters or the row", group: "Everywhere" },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof keys;

/** The attributes of the button or link that a key presses. Assistive technology tells the key, too. */
export function shortcut(name: KeyName) {
  const { key } = keys[name];
  const upper = key !== key.toLowerCase() && key.length === 1;
  return { "data-key": name, "aria-keyshortcuts": upper ? `Shift+${key}` : key };
}

/** What in the page has the key now, and can be pressed. */
export function bearerOf(name: KeyName): HTMLElement | undefined {
  const bearers = document.querySelectorAll<HTMLElement>(`[data-key="${name}"]:not(:disabled)`);
  return [...bearers].find((bearer) => bearer.checkVisibility());
}
