import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ShortId } from "./ShortId.tsx";

/** Leads to a benchmark. */
export function BenchmarkLink({ id, children }: { id: string; children?: ReactNode }) {
  return (
    <Link to="/benchmarks/$id" params={{ id }}>
      {children ?? <ShortId id={id} />}
    </Link>
  );
}
