import { callableAddress, formatAddress } from "../../address.ts";
import type { FirstKeys } from "../../auth/first-admin.ts";
import { readable } from "../../import/types.ts";
import type { RunningService } from "../../serve.ts";
import { quote } from "../../text.ts";
import { version } from "../../version.ts";
import { commandLine, quotePath } from "./shell.ts";

const DEFAULT_PORT = 50_052;

/**
 * Writes what `serve` prints once it serves: where, how to call it, how to go on, how to stop.
 * @param terminal whether only a person sees it: a key must not get into a journal or the log of a container
 * @param code signs in to the console; for a terminal only, too
 */
export function writeBanner(
  service: Pick<RunningService, "grpcAddress" | "httpAddress" | "tls" | "database" | "keys" | "console">,
  startMs: number,
  { terminal = false, code }: { terminal?: boolean; code?: string | undefined } = {},
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
${service.console ? `  Console                  ${http}/console/${signInBy(keys, code, address)}\n` : ""}  Data                     ${database}
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

/** What follows the console's address: how it is signed in to, where that takes anything. */
function signInBy(keys: FirstKeys, code: string | undefined, address: string): string {
  if (keys.kind === "off") return "";
  if (code !== undefined) return `#code=${code}  (once, for 10 minutes)`;
  return `  (${commandLine(`console${address}`)} signs a browser in)`;
}

/** Says who may call, and how to get a key. */
export function keyLines(keys: FirstKeys, terminal: boolean): string {
  if (keys.kind === "off")
    return "  Authentication           off: everybody on this machine may do everything (LTB_AUTH)\n";
  if (keys.kind === "file") {
    const { file, user, made } = keys;
    const shown =
      made === undefined || !terminal
        ? ""
        : `\nUser ${user} has this new API key, which that file keeps:\n  ${made}\n`;
    return `  ${`API key of user ${user}`.padEnd(24)} ${file} (these commands find it)\n${shown}`;
  }
  const { anyUser, admins, strangeFile } = keys;
  const strange =
    strangeFile === undefined
      ? ""
      : `  No key of this database  ${strangeFile}: it is of another one, or revoked\n`;
  const [admin] = admins;
  if (admin !== undefined)
    return `  API keys                 those of its users; its admins are ${admins.join(", ")}
${strange}
Where no key is at hand, make one with the same settings of the database:
  ${commandLine(`key create --user ${quote(admin)} --database`)}
`;
  return `${strange}
${anyUser ? "It has no active admin" : "Nobody can call it yet"}. Make an admin and a key for it, with the same settings of the database:
  ${commandLine("user create you --email you@example.org --role admin --database")}
  ${commandLine("key create --user you --database")}
`;
}

/** The header of a call as an argument of grpcurl or curl, with a space after it. */
function authorization(keys: FirstKeys): string {
  if (keys.kind === "off") return "";
  const key = keys.kind === "file" ? `$(cat ${quotePath(keys.file)})` : "$LTB_API_KEY";
  return `-H "authorization: Bearer ${key}" `;
}
