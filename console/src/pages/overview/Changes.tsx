import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { AuditLog } from "../../../../gen/ltb/v1/audit_pb.ts";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { useMay, useSession } from "../../data/session.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { ShortId } from "../../parts/ShortId.tsx";
import { Time } from "../../parts/Time.tsx";

/** What was changed last, and by whom: by everybody for admins, else by the reader. */
export function Changes() {
  const refetchInterval = useInterval(10_000);
  const admin = useMay("admin");
  const own = useSession().data?.user;
  const changes = useQuery(
    AuditService.method.listAuditLogs,
    { pageSize: 8, userId: admin ? "" : (own?.id ?? "") },
    { refetchInterval },
  );
  return (
    <>
      <h2>{admin ? "Latest changes" : "Your latest changes"}</h2>
      <Loaded query={changes}>
        {({ auditLogs }) =>
          auditLogs.length === 0 ? (
            <p className="soft">Nothing was changed.</p>
          ) : (
            <ul className="feed">
              {auditLogs.map((entry) => (
                <li key={entry.id}>
                  <bdi>{entry.actor || "somebody"}</bdi>{" "}
                  <span className="soft">
                    {entry.action.replaceAll("_", " ")} {entry.entityType.replaceAll("_", " ")}
                  </span>{" "}
                  <Entity entry={entry} />{" "}
                  <Link to="/audit/$id" params={{ id: entry.id }}>
                    <Time at={entry.createdAt} />
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function Entity({ entry: { entityType, entityId: id } }: { entry: AuditLog }) {
  if (id === "") return null;
  const short = <ShortId id={id} />;
  if (entityType === "benchmark") return <BenchmarkLink id={id} />;
  if (entityType === "job")
    return (
      <Link to="/jobs/$id" params={{ id }}>
        {short}
      </Link>
    );
  if (entityType === "worker")
    return (
      <Link to="/workers/$id" params={{ id }}>
        <bdi>{id}</bdi>
      </Link>
    );
  return short;
}
