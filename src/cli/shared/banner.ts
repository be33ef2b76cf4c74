import { callableAddress, formatAddress } from "../../address.ts";
import { readable } from "../../import/types.ts";
import type { FirstKeys, RunningService } from "../../serve.ts";
import { version } from "../../version.ts";
import { commandLine, quotePath } from "./shell.ts";

const DEFAULT_PORT = 50_052;

/**
 * Writes what `serve` prints once it serves: where, how to call it, how to go on, how to stop.
 * @param terminal whether only a person sees it: a key must not get into a journal or the log of a container
 */
export function writeBanner(
  service: Pick<RunningService, "grpcAddress" | "httpAddress" | "tls" | "database" | "keys">,
  startMs: number,
  terminal = false,
): string {
  const { grpcAddress, httpAddress, tls, database, keys } = service;
  const grpc = formatAddress(callableAddress(grpcAddress));
  const scheme = tls ? "https" : "http";
  const http = `${scheme}://${formatAddress(callableAddress(httpAddress))}`;
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
${keyLines(keys, terminal)}
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
function keyLines(keys: FirstKeys, terminal: boolean): string {
  if (keys.kind === "off")
    return "  Authentication           off: everybody on this machine may do everything (LTB_AUTH)\n";
  if (keys.kind === "embedded") {
    const { file, made } = keys;
    const shown =
      made === undefined || !terminal
        ? ""
        : `\nUser admin was made with this API key, which that file keeps:\n  ${made}\n`;
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
