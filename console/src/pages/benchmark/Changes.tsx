import { Code, ConnectError } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useInterval } from "../../data/live.ts";
import { useMay } from "../../data/session.ts";
import { Actor } from "../../parts/Actor.tsx";
import { FieldChanges } from "../../parts/FieldChanges.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { Time } from "../../parts/Time.tsx";

/** Who changed a benchmark, as far as the reader may know. */
export function Changes({ id }: { id: string }) {
  const admin = useMay("admin");
  const refetchInterval = useInterval(10_000);
  const list = useQuery(
    AuditService.method.listAuditLogs,
    { entityType: "benchmark", entityId: id, pageSize: 20 },
    { refetchInterval },
  );
  // A key may be limited to scopes without the audit log.
  if (list.error && ConnectError.from(list.error).code === Code.PermissionDenied) return null;
  return (
    <>
      <h2>
        <a href={hrefOf("/audit", { entity: "benchmark", id })}>Changes</a>
      </h2>
      {!admin && <p className="soft small">Your own; an admin sees those of all.</p>}
      <Loaded query={list}>
        {({ auditLogs }) =>
          auditLogs.length === 0 ? (
            <p className="soft">none</p>
          ) : (
            <Scroll label="Changes">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">When</th>
                    <th scope="col">Who</th>
                    <th scope="col">What</th>
                    <th scope="col">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {auditLogs.map((entry) => (
                    <tr key={entry.id}>
                      <td>
                        <Time at={entry.createdAt} />
                      </td>
                      <td>
                        <Actor entry={entry} />
                      </td>
                      <td>{entry.action.replaceAll("_", " ")}</td>
                      <td>{entry.action !== "create" && <FieldChanges changes={entry.changes} short />}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Loaded>
    </>
  );
}
