import { type Address, formatAddress } from "../../address.ts";
import { readable } from "../../import/types.ts";
import type { FirstKeys, RunningService } from "../../serve.ts";
import { version } from "../../version.ts";
import { commandLine, quotePath } from "./shell.ts";

const DEFAULT_PORT = 50_052;

/** Writes what `serve` prints once it serves: where, how to call it, how to go on, how to stop. */
export function writeBanner(
  service: Pick<RunningService, "grpcAddress" | "httpAddress" | "tls" | "database" | "keys">,
  startMs: number,
): string {
  const { grpcAddress, httpAddress, tls, database, keys } = service;
  const grpc = formatAddress(reachable(grpcAddress));
  const scheme = tls ? "https" : "http";
  const http = `${scheme}://${formatAddress(reachable(httpAddress))}`;
  const address = tls
    ? ` --address https://${grpc}`
    : grpcAddress.port === DEFAULT_PORT
      ? ""
      : ` --address ${grpc}`;
  return `
LLM Test Bench ${version} is serving, after ${(startMs / 1000).toFixed(1)} s.

  gRPC                     ${formatAddress(grpcAddress)}${tls ? " (TLS)" : ""}
  Connect, gRPC-Web, JSON  ${scheme}://${formatAddress(httpAddress)}
  Data                     ${database}
${keyLines(keys)}
Call it:
  grpcurl ${tls ? "" : "-plaintext "}${authorization(keys)}${grpc} ltb.v1.SystemService/GetStats
  curl ${http}/ltb.v1.BenchmarkService/ListBenchmarks ${authorization(keys)}-H 'Content-Type: application/json' -d '{}'

Fill it:
  ${commandLine(`demo${address}`)}
  ${commandLine(`import${address} FILE…`)}   (${readable})

Stop it: Ctrl-C. Calls in flight are finished first.
`;
}

/** Says who may call, and how to get a key. */
function keyLines(keys: FirstKeys): string {
  if (keys.kind === "off")
    return "  Authentication           off: everybody on this machine may do everything (LTB_AUTH)\n";
  if (keys.kind === "embedded") {
    const { file, made } = keys;
    const shown =
      made === undefined ? "" : `\nUser admin was made with this API key. It is shown only now:\n  ${made}\n`;
    return `  API key of user admin    ${file} (these commands find it)\n${shown}`;
  }
  if (keys.anyUser) return "";
  return `
Nobody can call it yet. Make an admin and a key for it, with the same settings of the database:
  ${commandLine("user create you --email you@example.org --role admin --database")}
  ${commandLine("key create --user you --database")}
`;
}

/** The header of a call as an argument of grpcurl or curl, with a space after it. */
function authorization(keys: FirstKeys): string {
  if (keys.kind === "off") return "";
  if (keys.kind === "external") return `-H "authorization: Bearer $LTB_API_KEY" `;
  return `-H "authorization: Bearer $(cat ${quotePath(keys.file)})" `;
}

/** An address to call a listener by: one that is bound to every address is called on this machine. */
function reachable({ host, port }: Address): Address {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return host === "::" ? { host: "::1", port } : { host, port };
}
