import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "@tanstack/react-router";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useVisited } from "../../data/visited.ts";
import { Actor } from "../../parts/Actor.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { EntityLink } from "../../parts/EntityLink.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { FieldChanges } from "../../parts/FieldChanges.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";

/** One entry of the trail, whole. */
export function Page() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  useTitle("Audit entry");
  const query = useQuery(AuditService.method.getAuditLog, { id }, { staleTime: 60_000 });
  const known = query.data?.auditLog;
  useVisited("audit entry", known && `${known.entityType} ${known.action}`, hrefOf(`/audit/${id}`));
  return (
    <>
      <div className="head">
        <h1>Audit entry</h1>
        <CopyAs
          method={AuditService.method.getAuditLog}
          request={{ id }}
          ltb={ltbWords("audit show", {}, [id])}
        />
      </div>
      <Loaded query={query}>
        {({ auditLog: entry }) => {
          if (!entry) return null;
          return (
            <>
              <Facts
                rows={[
                  ["When", <Time key="at" at={entry.createdAt} />],
                  ["Who", <Actor key="who" entry={entry} />],
                  ["Action", entry.action.replaceAll("_", " ")],
                  [
                    "What",
                    <span key="what">
                      {entry.entityType.replaceAll("_", " ")}{" "}
                      <EntityLink type={entry.entityType} id={entry.entityId} />
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
              <FieldChanges changes={entry.changes} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
