import { useQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { idQuery } from "../../frame/palette/find.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";

/** Leads to what has an id, of whatever kind, or to the worker of that name. */
export function Page() {
  const { id = "" } = useParams({ strict: false });
  useTitle(id);
  const { history } = useRouter();
  const query = useQuery(idQuery(id));
  const only = query.data?.length === 1 ? query.data[0] : undefined;
  useEffect(() => {
    if (only) history.replace(only.href);
  }, [history, only]);
  if (only) return null;
  return (
    <>
      <h1>
        <bdi>{id}</bdi>
      </h1>
      <Loaded query={query}>
        {(found) =>
          found.length === 0 ? (
            <p>
              No benchmark, job, evaluation, audit entry or user that you may see has this id, and no worker
              this name.
            </p>
          ) : (
            <ul>
              {found.map(({ kind, name, href }) => (
                <li key={href}>
                  <a href={href}>
                    {kind} <bdi>{name}</bdi>
                  </a>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
