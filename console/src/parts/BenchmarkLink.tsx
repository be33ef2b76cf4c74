import type { ReactNode } from "react";
import { ShortId } from "./ShortId.tsx";

/** Leads to a benchmark. */
export function BenchmarkLink({ id, children }: { id: string; children?: ReactNode }) {
  return <a href={`/console/benchmarks/${encodeURIComponent(id)}`}>{children ?? <ShortId id={id} />}</a>;
}
