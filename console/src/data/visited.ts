import { useEffect } from "react";
import { cutText } from "../../../src/text.ts";
import { visited as place, useSession } from "./session.ts";

// What the reader has looked at, in this browser. It is of one user: another one begins anew.

const most = 20;

export interface Visited {
  /** What it is, as "benchmark". */
  kind: string;
  name: string;
  /** Its page. */
  href: string;
}

interface Stored {
  user: string;
  latest: Visited[];
}

/** Keeps that the reader looks at this; without a name it is not known yet. */
export function useVisited(kind: string, name: string | undefined, href: string): void {
  const { data } = useSession();
  const user = data?.user?.id ?? "";
  useEffect(() => {
    if (!data || name === undefined || name === "") return;
    const others = read(user).filter((each) => each.href !== href);
    const stored: Stored = {
      user,
      latest: [{ kind, name: cutText(name, 300), href }, ...others].slice(0, most),
    };
    try {
      localStorage.setItem(place, JSON.stringify(stored));
    } catch {
      // The browser has no room left, or keeps nothing: the palette then shows less.
    }
  }, [data, user, kind, name, href]);
}

/** What this user has looked at, the latest first. */
export function useLatest(): Visited[] {
  const { data } = useSession();
  return read(data?.user?.id ?? "");
}

function read(user: string): Visited[] {
  try {
    const stored: Partial<Stored> = JSON.parse(localStorage.getItem(place) ?? "{}");
    return stored.user === user && Array.isArray(stored.latest) ? stored.latest.filter(isVisited) : [];
  } catch {
    return [];
  }
}

/** Whether it is what this file writes. A link that leads elsewhere, as to a script, is none. */
function isVisited(value: unknown): value is Visited {
  const { kind, name, href } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof kind === "string" &&
    typeof name === "string" &&
    typeof href === "string" &&
    /^\/console\//.test(href)
  );
}
