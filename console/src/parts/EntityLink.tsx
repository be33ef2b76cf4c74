import { Link } from "@tanstack/react-router";
import { BenchmarkLink } from "./BenchmarkLink.tsx";
import { ShortId } from "./ShortId.tsx";

/** What an entry of the audit trail is about: a link where that has a page. */
export function EntityLink({ type, id }: { type: string; id: string }) {
  if (id === "") return null;
  const short = <ShortId id={id} />;
  if (type === "benchmark") return <BenchmarkLink id={id} />;
  if (type === "job")
    return (
      <Link to="/jobs/$id" params={{ id }}>
        {short}
      </Link>
    );
  if (type === "worker")
    return (
      <Link to="/workers/$id" params={{ id }}>
        <bdi>{id}</bdi>
      </Link>
    );
  if (type === "user")
    return (
      <Link to="/users/$id" params={{ id }}>
        {short}
      </Link>
    );
  return short;
}
