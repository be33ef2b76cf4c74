import type { LinkProps } from "@tanstack/react-router";

interface Section {
  name: string;
  to: NonNullable<LinkProps["to"]>;
  /** The letter that leads there after `g`. */
  key: string;
  /** A new group begins with it. */
  begins?: true;
}

/** The pages in the navigation, in its order. */
export const sections: readonly Section[] = [
  { name: "Overview", to: "/", key: "o" },
  { name: "Benchmarks", to: "/benchmarks", key: "b" },
  { name: "Compare", to: "/compare", key: "c" },
  { name: "Leaderboards", to: "/leaderboards", key: "l" },
  { name: "Jobs", to: "/jobs", key: "j", begins: true },
  { name: "Queue", to: "/queue", key: "q" },
  { name: "Workers", to: "/workers", key: "w" },
  { name: "Audit", to: "/audit", key: "a", begins: true },
  { name: "Users", to: "/users", key: "u" },
  { name: "System", to: "/system", key: "s" },
];
