import type { AnyRouter } from "@tanstack/react-router";
import { type Search, writeSearch } from "./search.ts";

/** The address of a page within the console, for links that are drawn by charts. */
export function hrefOf(path: string, search: Search = {}): string {
  return `/console${path}${writeSearch(search)}`;
}

/** Follows plain links to pages of the console, as those in charts, without loading the console anew. */
export function followLinks({ history }: AnyRouter): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    const href = link?.getAttribute("href");
    if (!href?.startsWith("/console/") || link?.hasAttribute("target")) return;
    event.preventDefault();
    history.push(href);
  });
}
