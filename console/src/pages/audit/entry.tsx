import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "@tanstack/react-router";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Changes, hrefOf } from "./Changes.tsx";

/** One entry of the trail, whole. */
export function Page() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  useTitle("Audit entry");
  const query = useQuery(AuditService.method.getAuditLog, { id }, { staleTime: 60_000 });
  return (
    <>
      <h1>Audit entry</h1>
      <Loaded query={query}>
        {({ auditLog: entry }) => {
          if (!entry) return null;
          const href = hrefOf(entry.entityType, entry.entityId);
          return (
            <>
              <Facts
                rows={[
                  ["When", <Time key="at" at={entry.createdAt} />],
                  ["Who", <bdi key="who">{entry.actor || entry.userId || "the service"}</bdi>],
                  ["Action", entry.action.replaceAll("_", " ")],
                  [
                    "What",
                    <span key="what">
                      {entry.entityType.replaceAll("_", " ")}{" "}
                      {href ? <a href={href}>{entry.entityId}</a> : <bdi>{entry.entityId}</bdi>}
                    </span>,
                  ],
                  ["API key", entry.apiKeyId],
                  ["Address", entry.ipAddress],
                  ["Agent", entry.userAgent && <bdi key="agent">{entry.userAgent}</bdi>],
                  ["Request", entry.requestId && <code key="request">{entry.requestId}</code>],
                  ["Sealed", entry.sealed ? "yes: a change of it would be noticed" : "not yet"],
                  ["Told by", entry.external ? "another program: what it says is its word" : undefined],
                ]}
              />
              <h2>Changes</h2>
              <Changes changes={entry.changes} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
