import { useEffect, useRef } from "react";

const setting = "ltb.keys";

/** Whether single keys do something. WCAG 2.1.4 asks that they can be switched off. */
export function keysAreOn(): boolean {
  return localStorage.getItem(setting) !== "off";
}

export function switchKeys(on: boolean): void {
  if (on) localStorage.removeItem(setting);
  else localStorage.setItem(setting, "off");
}

/** Runs what a key of the page stands for, unless the reader types or holds another key. */
export function useKeys(keys: Readonly<Record<string, (() => void) | undefined>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || !keysAreOn()) return;
      const { target } = event;
      if (target instanceof Element && target.closest("input, select, textarea, dialog")) return;
      latest.current[event.key]?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
