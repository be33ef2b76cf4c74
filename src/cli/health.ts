import { once } from "node:events";
import { type ClientRequest, get as getInClear, type IncomingMessage } from "node:http";
import { get as getByTls, type RequestOptions } from "node:https";
import { callableAddress, formatAddress } from "../address.ts";
import type { TlsChoice } from "../config/tls.ts";
import type { Config } from "../config.ts";
import { makePrintable } from "../text.ts";
import { hasCode, messageOf } from "../thrown.ts";
import { explainTlsFailure } from "../tls-failures.ts";
import type { Command } from "./shared/command.ts";
import { exitCodes, UsageError } from "./shared/errors.ts";
import { given, parseSeconds } from "./shared/options.ts";

const DEFAULT_TIMEOUT_SECONDS = 3;

interface Options {
  config?: string;
  live?: boolean;
  timeout: number;
  tlsCert?: string;
  tlsKey?: string;
}

export function addCommand(program: Command): void {
  program
    .command("health")
    .summary("ask a running service whether it can serve")
    .description(
      "Asks the service on this machine, from the same settings that `serve` reads, whether it can serve (/readyz): LTB_HTTP_ADDRESS says where, " +
        "LTB_TLS_CERT_FILE whether by TLS. Where the service demands certificates (LTB_TLS_CLIENT_CA_FILE) it shows --tls-cert, else the service's own. " +
        "For HEALTHCHECK and probes: one line, exit code 0 if so and 1 if not.",
    )
    .option("--live", "only whether the process answers (/healthz), as to restart it if not")
    .option("--timeout <seconds>", "longest wait for the answer", parseSeconds, DEFAULT_TIMEOUT_SECONDS)
    .withCertificate()
    .option("--config <file>", "JSON file with settings (LTB_CONFIG_FILE)")
    .examples(
      ["ltb health", "ready: http://127.0.0.1:50053/readyz"],
      ["LTB_TLS_CERT_FILE=tls.crt LTB_TLS_KEY_FILE=tls.key ltb health", "by TLS"],
      "ltb health --live --timeout 1",
    )
    .action(async (options: Options) => {
      const { loadConfig } = await import("../config.ts");
      const { config: file } = options;
      const config = loadConfig({ ...(file !== undefined && { file }), listens: false });
      const problem = await askHealth(config, options);
      // Not by `print` and errors: they load what takes longer than the question.
      const word = options.live ? "alive" : "ready";
      const line = problem === undefined ? `${word}: ${urlOf(config, options)}` : `not ${word}: ${problem}`;
      const stream = problem === undefined ? process.stdout : process.stderr;
      stream.write(`${makePrintable(line).replace(/\s+/g, " ")}\n`);
      if (problem !== undefined) process.exitCode = exitCodes.failure;
    });
}

function urlOf({ http, tls }: Config, { live }: Options): string {
  const path = live ? "healthz" : "readyz";
  return `${tls ? "https" : "http"}://${formatAddress(callableAddress(http))}/${path}`;
}

/** Asks once. @returns what is wrong; undefined if the service is well */
async function askHealth(config: Config, options: Options): Promise<string | undefined> {
  const { http, tls } = config;
  if (http.port === 0)
    throw new UsageError("LTB_HTTP_ADDRESS has port 0, for which the service took another: name that one");
  const url = urlOf(config, options);
  const signal = AbortSignal.timeout(options.timeout * 1000);
  const request = tls
    ? getByTls(url, { agent: false, signal, ...(await certificateFor(tls, options)) })
    : getInClear(url, { agent: false, signal });
  try {
    const { status, text } = await answerOf(request);
    // Another program may have the port.
    if (status === 200 && text.includes(`"status":"${options.live ? "ok" : "ready"}"`)) return undefined;
    const [, reason = text.slice(0, 80)] = /"reason":"(\w+)"/.exec(text) ?? [];
    return `${url} answers ${status} ${reason}`;
  } catch (error) {
    const why = signal.aborted ? `nothing came within ${options.timeout} s` : explain(error, tls);
    return `${url} does not answer: ${why}`;
  }
}

async function certificateFor(
  { certFile, keyFile, clientCaFile, clientAuth }: TlsChoice,
  { tlsCert, tlsKey }: Options,
): Promise<RequestOptions> {
  const { tlsOf } = await import("./shared/tls.ts");
  const isDemanded = clientCaFile !== undefined && clientAuth === "required";
  const own = isDemanded && tlsCert === undefined ? { tlsCert: certFile, tlsKey: keyFile } : {};
  const files = given({ tlsCert, tlsKey, ...own });
  const { cert, key } = tlsOf({ address: "https://", ...files }) ?? {};
  // The service's certificate has the names that others call it by. Nothing secret is sent.
  return { cert, key, rejectUnauthorized: false };
}

async function answerOf(request: ClientRequest): Promise<{ status: number; text: string }> {
  const [response]: IncomingMessage[] = await once(request, "response");
  const status = response?.statusCode ?? 0;
  // The service answers with one short chunk.
  for await (const chunk of response ?? []) return { status, text: String(chunk) };
  return { status, text: "" };
}

const tlsWords = {
  ca: "LTB_TLS_CERT_FILE",
  certificate: "--tls-cert and --tls-key",
  serverName: "LTB_HTTP_ADDRESS",
  off: "without LTB_TLS_CERT_FILE",
};

function explain(error: unknown, tls: TlsChoice | undefined): string {
  if (hasCode(error, "ECONNREFUSED")) return "nothing listens there";
  if (hasCode(error, "ECONNRESET") && tls?.clientCaFile !== undefined)
    return `it does not accept the certificate; give one that it does with ${tlsWords.certificate}`;
  const message = messageOf(error);
  return explainTlsFailure(message, tlsWords) ?? message;
}
