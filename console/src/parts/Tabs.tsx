import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Search } from "../data/search.ts";
import type { shortcut } from "../keys/table.ts";

interface Tab<Name extends string> {
  name: Name;
  words: ReactNode;
  /** The key that leads to it, if one does. */
  keys?: ReturnType<typeof shortcut> | undefined;
}

interface Props<Name extends string> {
  /** What is chosen by them. */
  label: string;
  tabs: readonly Tab<Name>[];
  /** The one that the page shows, whatever its address says. */
  shown: Name;
  /** What stands behind `?` in the address of a tab. */
  searchOf: (name: Name) => Search;
}

/** Ways to look at what a page is about, each with an address. */
export function Tabs<Name extends string>({ label, tabs, shown, searchOf }: Props<Name>) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ name, words, keys }) => (
        <Link
          key={name}
          to="."
          search={searchOf(name) as never}
          resetScroll={false}
          // The router marks links too: without these, also one whose search is only a part of the page's.
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={name === shown ? "page" : undefined}
          {...keys}
        >
          {words}
        </Link>
      ))}
    </nav>
  );
}
