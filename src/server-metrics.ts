import { logLoss } from "./log.ts";
import { counter, counters, type Family, gauge } from "./metrics/family.ts";
import type { RpcHost } from "./rpc/call/host.ts";
import type { HealthState } from "./rpc/standard/health.ts";
import { version } from "./version.ts";

/** The metrics of the server itself: its calls, how full it is, and whether it can work. */
export function serverFamilies(host: RpcHost, health: HealthState): Family[] {
  return [
    gauge("ltb_build_info", "1, labelled with the versions of the service and of Node.", () => [
      { labels: { version, node_version: process.versions.node }, value: 1 },
    ]),
    gauge("ltb_database_up", "1 if the database answered the last probe and takes writes, else 0.", () =>
      health.notReady === "DATABASE_UNAVAILABLE" ? 0 : 1,
    ),
    counter(
      "ltb_log_lines_lost_total",
      "Lines of the log that were left out, as nobody took them: its disk is full or its reader has stopped.",
      () => logLoss.lines,
    ),
    ...host.calls.families(),
    gauge(
      "ltb_admitted_calls",
      "Calls in progress that count against LTB_MAX_CALLS; those that wait for something to happen do not.",
      () => host.access.load().inProgress,
    ),
    gauge(
      "ltb_request_bytes",
      "Bytes of requests that have come and that no handler has taken yet.",
      () => host.intake.bytes,
    ),
    gauge("ltb_admitted_calls_max", "LTB_MAX_CALLS.", () => host.access.load().maxCalls),
    counters(
      "ltb_connections_closed_total",
      "Connections closed because their port had LTB_MAX_CONNECTIONS: new ones that were refused, and those on " +
        "which nobody had been let in, displaced by new ones.",
      "why",
      host.connections.closed,
    ),
    gauge(
      "ltb_credential_lookups_waiting",
      "Calls that wait for the look-up of a credential not seen before.",
      () => host.access.load().waiting,
    ),
  ];
}
