import type { LinkProps } from "@tanstack/react-router";

interface Section {
  name: string;
  to: NonNullable<LinkProps["to"]>;
  /** A new group begins with it. */
  begins?: true;
}

/** The pages in the navigation, in its order. */
export const sections: readonly Section[] = [
  { name: "Overview", to: "/" },
  { name: "Benchmarks", to: "/benchmarks" },
  { name: "Compare", to: "/compare" },
  { name: "Leaderboards", to: "/leaderboards" },
  { name: "Jobs", to: "/jobs", begins: true },
  { name: "Queue", to: "/queue" },
  { name: "Workers", to: "/workers" },
  { name: "Audit", to: "/audit", begins: true },
  { name: "Users", to: "/users" },
  { name: "System", to: "/system" },
];
