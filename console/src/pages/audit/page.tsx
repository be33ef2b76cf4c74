import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { AuditLog } from "../../../../gen/ltb/v1/audit_pb.ts";
import { AuditService, type ListAuditLogsRequestSchema } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { download } from "../../data/download.ts";
import { useInterval } from "../../data/live.ts";
import { useMay, useSession } from "../../data/session.ts";
import { usePages } from "../../data/usePages.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { Actor } from "../../parts/Actor.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { EntityLink } from "../../parts/EntityLink.tsx";
import { FieldChanges } from "../../parts/FieldChanges.tsx";
import { TextFilter } from "../../parts/Filter.tsx";
import { count, lasting } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { type Column, VirtualTable } from "../../parts/VirtualTable.tsx";

const columns: readonly Column<AuditLog>[] = [
  { title: "When", width: "7rem", cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    title: "Who",
    width: "minmax(8rem, 1fr)",
    cell: (entry) => <Actor entry={entry} />,
  },
  {
    title: "Action",
    width: "8rem",
    cell: ({ id, action }) => (
      <Link to="/audit/$id" params={{ id }}>
        {action.replaceAll("_", " ")}
      </Link>
    ),
  },
  {
    title: "What",
    width: "minmax(13rem, 2fr)",
    cell: ({ entityType, entityId }) => (
      <>
        {entityType.replaceAll("_", " ")} <EntityLink type={entityType} id={entityId} />
      </>
    ),
  },
  {
    title: "Changes",
    width: "minmax(14rem, 3fr)",
    cell: ({ changes }) => <FieldChanges changes={changes} short />,
  },
  { title: "From", width: "9rem", cell: ({ ipAddress }) => ipAddress },
  {
    title: "Sealed",
    width: "6rem",
    cell: ({ sealed, external }) => (
      <span className={sealed ? "text-good" : "soft"}>
        {sealed ? "sealed" : "not yet"}
        {external && ", told by others"}
      </span>
    ),
  },
];

/** Who changed what, newest first. */
export function Page() {
  useTitle("Audit");
  const [search] = useSearchState();
  const session = useSession();
  const isAdmin = useMay("admin");
  // Whoever is no admin may read the entries of its own.
  const userId = one(search.user) || (isAdmin ? "" : (session.data?.user?.id ?? ""));
  const asked = {
    pageSize: 100,
    userId,
    entityType: one(search.entity),
    entityId: one(search.id),
    action: one(search.action),
    after: timeOf(one(search.from)),
    before: timeOf(one(search.to)),
  };
  const { query, rows, onEnd, total } = usePages(AuditService.method.listAuditLogs, "auditLogs", asked, {
    every: 10_000,
  });
  return (
    <>
      <div className="head">
        <h1>Audit</h1>
        <div className="actions">
          <CopyAs method={AuditService.method.listAuditLogs} request={asked} ltb={commandOf(asked)} />
          {isAdmin && <Link to="/audit/verify">Verify the trail</Link>}
        </div>
      </div>
      {isAdmin && <Standing />}
      <search className="filters">
        <TextFilter name="entity" label="Kind (benchmark, job …)" />
        <TextFilter name="id" label="Id" />
        <TextFilter name="action" label="Action" />
        {isAdmin && <TextFilter name="user" label="User id" />}
        <TextFilter name="from" label="From" type="date" />
        <TextFilter name="to" label="Before" type="date" />
      </search>
      <Loaded query={query}>
        {() => (
          <VirtualTable
            label="Entries of the audit trail"
            columns={columns}
            rows={rows}
            keyOf={({ id }) => id}
            total={total}
            onEnd={onEnd}
            empty="No entry is like that."
          />
        )}
      </Loaded>
    </>
  );
}

/** How far the trail is sealed, and when it was last verified. */
function Standing() {
  const { data } = useQuery(AuditService.method.getAuditStatus, {}, { refetchInterval: useInterval(10_000) });
  if (!data) return null;
  const { head, sealLag, entriesUnsealed, lastVerification: last } = data;
  return (
    <p className="soft">
      {head ? (
        <>
          Sealed up to number {count(head.sequence)}, <Time at={head.sealedAt} />
          {entriesUnsealed > 0 &&
            `; ${count(entriesUnsealed)} entries wait, the longest for ${lasting(sealLag)}`}
          .{" "}
          <button
            type="button"
            className="link"
            title="The end of the chain, for ltb audit verify --head-file: kept elsewhere, it proves later that nothing was cut off"
            onClick={() => download("ltb.head", new Blob([`${head.sequence}:${head.seal}\n`]))}
          >
            Download the head
          </button>{" "}
        </>
      ) : (
        "Nothing is sealed yet. "
      )}
      {last ? (
        <>
          Verified <Time at={last.verifiedAt} />:{" "}
          <span className={last.valid ? "text-good" : "text-bad"}>
            {last.valid ? "whole" : `broken, ${last.reason}`}
          </span>
          .
        </>
      ) : (
        "It was never verified."
      )}
    </p>
  );
}

/** The words of `ltb` that ask for the same list. */
function commandOf(asked: MessageInitShape<typeof ListAuditLogsRequestSchema>): string[] {
  const { userId, entityType = "", entityId, action, after, before } = asked;
  const timed = (at: typeof after) => at && timestampDate(create(TimestampSchema, at)).toISOString();
  return ltbWords("audit list", {
    user: userId,
    // The service takes no id without its kind.
    entity: entityType && (entityId ? `${entityType}/${entityId}` : entityType),
    action,
    after: timed(after),
    before: timed(before),
  });
}

/** The beginning of a day as the reader's clock has it; undefined for what is no day. */
function timeOf(day: string): Timestamp | undefined {
  const date = new Date(`${day}T00:00`);
  return day === "" || Number.isNaN(date.getTime()) ? undefined : timestampFromDate(date);
}
