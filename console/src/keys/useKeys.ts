import { useEffect, useRef } from "react";
import { move, openInTab, select, selectForAction } from "./rows.ts";
import { keysAreOn } from "./setting.ts";
import { bearerOf, type KeyName, keys } from "./table.ts";

/** How long a letter after `g` is waited for, in milliseconds. */
const patience = 1_500;

interface Frame {
  openPalette: () => void;
  openHelp: () => void;
  /** Goes to the page with this letter, if there is one. */
  goTo: (letter: string) => void;
}

/** Does what the keys of `table.ts` stand for, unless the reader types, or a dialog is open. */
export function useKeys(frame: Frame): void {
  const latest = useRef(frame);
  latest.current = frame;
  useEffect(() => {
    let goUntil = 0;
    const own: Partial<Record<KeyName, () => void>> = {
      next: () => move(1),
      previous: () => move(-1),
      openInTab,
      select: () => select({ range: false }),
      selectRange: () => select({ range: true }),
      filter: () => document.querySelector<HTMLElement>("main search :is(input, select)")?.focus(),
      go: () => {
        goUntil = Date.now() + patience;
      },
      help: () => latest.current.openHelp(),
      close,
      retry: () => press("retry"),
      cancel: () => press("cancel"),
      // The browser does it itself.
      open: () => undefined,
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const key = latinOf(event);
      // AltGr, by which some keyboards write brackets, is Ctrl and Alt for some systems.
      const isHeld = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
      if (isHeld) {
        if (key.toLowerCase() !== "k" || event.altKey || event.shiftKey || isIn(event, dialog)) return;
        event.preventDefault();
        latest.current.openPalette();
        return;
      }
      if (isIn(event, dialog) || (key !== "Escape" && (!keysAreOn() || isIn(event, typing)))) return;
      if (Date.now() < goUntil) {
        goUntil = 0;
        latest.current.goTo(key);
        return;
      }
      const name = (Object.keys(keys) as KeyName[]).find((each) => keys[each].key === key);
      if (name === undefined || name === "open") return;
      event.preventDefault();
      const isSteered = name === "retry" || name === "cancel" || name === "close";
      const bearer = isSteered ? undefined : bearerOf(name);
      // Where a page says itself what is next, as a sample that is open beside its list, the rows stay.
      if (bearer) bearer.click();
      else own[name]?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

// The focus stays for a moment in one that was closed.
const dialog = "dialog[open]";

const typing = 'input:not([type="checkbox"], [type="radio"]), select, textarea';

const isIn = ({ target }: KeyboardEvent, selector: string): boolean =>
  target instanceof Element && target.closest(selector) !== null;

/** The key by its place where the keyboard writes another script: the letters of the table are Latin. */
function latinOf({ key, code, shiftKey }: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter === undefined || !/^\p{L}$/u.test(key) || /^\p{Script=Latin}$/u.test(key)) return key;
  return shiftKey ? letter : letter.toLowerCase();
}

function press(name: "retry" | "cancel"): void {
  selectForAction();
  // What was selected is on the page in the next frame.
  requestAnimationFrame(() => bearerOf(name)?.click());
}

/** Closes an open menu, leaves a field, closes what is open on the page, or leaves a row. */
function close(): void {
  const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    return;
  }
  const { activeElement } = document;
  const bearer = activeElement?.closest(typing) ? undefined : bearerOf("close");
  if (bearer) bearer.click();
  else if (activeElement instanceof HTMLElement) activeElement.blur();
}
