import { Link } from "@tanstack/react-router";
import type { Search } from "../../data/search.ts";
import { all } from "../../data/useSearchState.ts";

/** More are counted: a benchmark may have 64. */
const most = 3;

/** The first labels of a benchmark; each leads to the benchmarks that have it. */
export function Labels({
  labels,
  every = false,
}: {
  labels: Readonly<Record<string, string>>;
  every?: boolean;
}) {
  const written = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const shown = every ? written : written.slice(0, most);
  const rest = written.slice(shown.length);
  return (
    <>
      {shown.map((label) => (
        <Link
          key={label}
          className="tag"
          to="/benchmarks"
          search={
            ((before: Search) => ({ ...before, label: [...new Set([...all(before.label), label])] })) as never
          }
        >
          {label}
        </Link>
      ))}
      {rest.length > 0 && (
        <span className="soft small" title={rest.join("\n")}>
          +{rest.length}
        </span>
      )}
    </>
  );
}
