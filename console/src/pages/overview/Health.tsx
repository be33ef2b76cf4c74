import { durationMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AuditService, type GetAuditStatusResponse } from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { useMay } from "../../data/session.ts";
import { bytes, count, lasting } from "../../parts/format.ts";
import { HealthState, Status } from "../../parts/Status.tsx";
import { ask, asked } from "./asked.ts";

/** Entries are sealed within seconds; one that waits so many milliseconds waits for a server with the key. */
const lateSeal = 60_000;

/** How the parts of the service are: workers, database, audit trail, and the server that answers. */
export function Health() {
  const often = useInterval(2_000);
  const seldom = useInterval(30_000);
  const admin = useMay("admin");
  const workers = useQuery({ ...asked.cluster, refetchInterval: often }).data;
  const stats = useQuery({ ...asked.stats, refetchInterval: seldom }).data;
  // Another version may have taken the place of the one that the page came from.
  const info = useQuery({ ...asked.info, refetchInterval: seldom }).data;
  const trail = useQuery({
    ...ask(AuditService.method.getAuditStatus, {}),
    refetchInterval: seldom,
    enabled: admin,
  }).data;
  const waiting = stats?.pool?.waiting ?? 0;
  return (
    <ul className="health">
      {workers && (
        <Part name="Cluster" to="/workers">
          {workers.totalWorkers === 0 ? "no worker is registered" : <HealthState status={workers.health} />}
        </Part>
      )}
      {stats && (
        <Part name="Database" to="/system">
          <Status tone={waiting > 0 ? "warn" : "good"}>
            {waiting > 0 ? `${count(waiting)} calls wait for a connection` : "answers"}
          </Status>{" "}
          <span className="soft">
            PostgreSQL {stats.serverVersion}, {bytes(stats.databaseSizeBytes)}
          </span>
        </Part>
      )}
      {trail && (
        <Part name="Audit trail" to="/audit">
          <Seal {...trail} />
        </Part>
      )}
      {stats && info && (
        <Part name="This server" to="/system">
          version {info.version} <span className="soft">for {lasting(stats.uptime)}</span>
        </Part>
      )}
    </ul>
  );
}

function Part({ name, to, children }: { name: string; to: string; children: ReactNode }) {
  return (
    <li>
      <Link to={to}>{name}</Link> {children}
    </li>
  );
}

function Seal({ head, sealLag, lastVerification }: GetAuditStatusResponse) {
  const lag = sealLag ? durationMs(sealLag) : 0;
  if (lastVerification?.valid === false) return <Status tone="bad">broken when last verified</Status>;
  if (lag > lateSeal) return <Status tone="warn">{`an entry waits ${lasting(lag)} for its seal`}</Status>;
  return head ? <Status tone="good">sealed</Status> : <Status tone="even">nothing is sealed yet</Status>;
}
