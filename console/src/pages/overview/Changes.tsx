import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { useMay, useSession } from "../../data/session.ts";
import { Actor } from "../../parts/Actor.tsx";
import { EntityLink } from "../../parts/EntityLink.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { ask } from "./asked.ts";

/** What was changed last, and by whom: by everybody for admins, else by the reader. */
export function Changes() {
  const refetchInterval = useSlowingInterval(10_000);
  const admin = useMay("admin");
  const own = useSession().data?.user;
  const changes = useQuery({
    ...ask(AuditService.method.listAuditLogs, { pageSize: 8, userId: admin ? "" : (own?.id ?? "") }),
    refetchInterval,
  });
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
                  <Actor entry={entry} />{" "}
                  <span className="soft">
                    {entry.action.replaceAll("_", " ")} {entry.entityType.replaceAll("_", " ")}
                  </span>{" "}
                  <EntityLink type={entry.entityType} id={entry.entityId} />{" "}
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
