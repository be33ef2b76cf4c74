import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Search } from "./search.ts";

/**
 * The state of a page, which is what stands behind `?` in its address, and what changes a part of it.
 * Undefined takes a name out. A change replaces the entry in the history unless `push` is set.
 */
export function useSearchState(): [Search, (change: Search, options?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const change = (part: Search, { push = false } = {}) =>
    void navigate({
      to: ".",
      // The router knows no names of its own here: each page reads those that it knows.
      search: ((before: Search) => ({ ...before, ...part })) as never,
      replace: !push,
      resetScroll: false,
    });
  return [search, change];
}

/** One value of a name, the first where there are several; "" where there is none. */
export function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** All values of a name. */
export function all(value: string | string[] | undefined): string[] {
  return Array.isArray(value) ? value : value === undefined || value === "" ? [] : [value];
}

/** The value of an enum by its name; 0, which stands for none, where the enum has no such name. */
export function enumOf<Values extends Record<string, number>>(values: Values, name: string) {
  return (Object.hasOwn(values, name) ? values[name] : 0) as Values[keyof Values];
}

/** One value of a name as a number; undefined where it is none. */
export function numeric(value: string | string[] | undefined): number | undefined {
  const text = one(value);
  const number = Number(text);
  return text.trim() === "" || !Number.isFinite(number) ? undefined : number;
}
