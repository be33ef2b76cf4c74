import { useQuery } from "@connectrpc/connect-query";
import { SystemService } from "../../../../gen/ltb/v1/system_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { Card } from "../../parts/Card.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { Facts } from "../../parts/Facts.tsx";
import { bytes, count, lasting } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";

/** What the service is and holds: version, sizes, connections, limits. */
export function Page() {
  useTitle("System");
  const refetchInterval = useInterval(10_000);
  const info = useQuery(SystemService.method.getInfo, {}, { refetchInterval });
  const stats = useQuery(SystemService.method.getStats, {}, { refetchInterval });
  return (
    <>
      <div className="head">
        <h1>System</h1>
        <CopyAs method={SystemService.method.getStats} request={{}} ltb={ltbWords("stats")} />
      </div>
      <Loaded query={stats}>
        {(data) => (
          <>
            <div className="cards">
              <Card
                title="Database"
                value={bytes(data.databaseSizeBytes)}
                note={`PostgreSQL ${data.serverVersion}`}
              />
              <Card
                title="Benchmarks"
                value={count(data.benchmarkCount)}
                note={`${count(data.evaluationCount)} evaluations`}
              />
              <Card
                title="Jobs"
                value={count(data.jobCount)}
                note={`${count(data.workerCount)} ${data.workerCount === 1n ? "worker" : "workers"}`}
              />
              <Card
                title="Users"
                value={count(data.userCount)}
                note={`${count(data.auditLogCount)} audit entries`}
              />
            </div>
            <h2>This server</h2>
            <Facts
              rows={[
                ["Up for", lasting(data.uptime)],
                ["Schema", <code key="schema">{data.schemaVersion}</code>],
                [
                  "Connections",
                  data.pool &&
                    `${data.pool.open} open of ${data.pool.size}, ${data.pool.idle} idle; ${data.pool.waiting} calls wait for one`,
                ],
              ]}
            />
          </>
        )}
      </Loaded>
      <Loaded query={info}>
        {({ version, apiVersion, features, limits, scopes }) => (
          <>
            <Facts
              rows={[
                ["Version", version],
                ["Contract", <code key="api">{apiVersion}</code>],
                ["Features", features.join(", ")],
                ["Scopes of keys", scopes.join(", ")],
              ]}
            />
            {limits && (
              <>
                <h2>Limits</h2>
                <Facts
                  rows={[
                    ["Page size", `${count(limits.defaultPageSize)}, at most ${count(limits.maxPageSize)}`],
                    ["Items in a batch", count(limits.maxBatchSize)],
                    ["Message", bytes(limits.maxMessageBytes)],
                  ]}
                />
              </>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
