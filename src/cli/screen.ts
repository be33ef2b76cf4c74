import { type Address, formatAddress } from "../rpc/listener.ts";
import type { RunningService } from "../serve.ts";
import { version } from "../version.ts";
import { commandLine } from "./invocation.ts";

const DEFAULT_PORT = 50_052;

/** What `serve` prints once it serves: where, how to call it, how to go on, how to stop. */
export function screen(
  { grpcAddress, httpAddress, database }: Pick<RunningService, "grpcAddress" | "httpAddress" | "database">,
  startMs: number,
): string {
  const grpc = formatAddress(reachable(grpcAddress));
  const http = `http://${formatAddress(reachable(httpAddress))}`;
  const address = grpcAddress.port === DEFAULT_PORT ? "" : ` --address ${grpc}`;
  return `
LLM Test Bench ${version} is serving, after ${(startMs / 1000).toFixed(1)} s.

  gRPC                     ${formatAddress(grpcAddress)}
  Connect, gRPC-Web, JSON  http://${formatAddress(httpAddress)}
  Data                     ${database}

Call it:
  grpcurl -plaintext ${grpc} ltb.v1.SystemService/GetStats
  curl ${http}/ltb.v1.BenchmarkService/ListBenchmarks -H 'Content-Type: application/json' -d '{}'

Fill it:
  ${commandLine(`demo${address}`)}
  ${commandLine(`import${address} FILE…`)}   (Inspect, lm-evaluation-harness, HELM, JSON, JSONL)

Stop it: Ctrl-C. Calls in flight are finished first.
`;
}

/** An address to call a listener by: one that is bound to every address is called on this machine. */
function reachable({ host, port }: Address): Address {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return host === "::" ? { host: "::1", port } : { host, port };
}
