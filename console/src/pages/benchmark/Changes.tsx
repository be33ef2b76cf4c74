import { Code, ConnectError } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import type { AuditLog } from "../../../../gen/ltb/v1/audit_pb.ts";
import { AuditService } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { useMay } from "../../data/session.ts";
import { Actor } from "../../parts/Actor.tsx";
import { FieldChanges } from "../../parts/FieldChanges.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Time } from "../../parts/Time.tsx";

const columns: readonly TableColumn<AuditLog>[] = [
  { title: "When", cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: "Who", cell: (entry) => <Actor entry={entry} /> },
  { title: "What", cell: ({ action }) => action.replaceAll("_", " ") },
  {
    title: "Change",
    cell: ({ action, changes }) => action !== "create" && <FieldChanges changes={changes} short />,
  },
];

/** Who changed a benchmark, as far as the reader may know. */
export function Changes({ id }: { id: string }) {
  const admin = useMay("admin");
  const refetchInterval = useSlowingInterval(10_000);
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
            <Table label="Changes" columns={columns} rows={auditLogs} keyOf={(entry) => entry.id} />
          )
        }
      </Loaded>
    </>
  );
}
