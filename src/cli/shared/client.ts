import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { hostAndPort } from "../../address.ts";
import { type Clients, clientsOf } from "../../client/services.ts";
import { explainTlsFailure } from "../../tls-failures.ts";
import { apiKeyFor, describeKeySource, waysToGiveKey } from "./api-key.ts";
import { commandLine } from "./shell.ts";
import { type TlsFlags, tlsOf } from "./tls.ts";

/** Pings find a connection that is dead, so that a stream without deadline does not wait for ever. */
const PING_INTERVAL_MS = 20_000;

/** The options of every command that talks to the service. */
export interface ServiceOptions extends TlsFlags {
  address: string;
  apiKey?: string;
  /** Seconds for a call that is not a stream. */
  deadline: number;
  json?: boolean;
  /** Read from the replica, where the service has one: see `withReplica`. */
  replica?: boolean;
}

export type BenchmarkClient = Clients["benchmarks"];

/** Calls to the service. Disposal lets the process end. */
export type ServiceClient = Clients & Disposable;

/** Deadlines are for calls that answer at once; a stream lasts as long as its data. */
export const noDeadline = { timeoutMs: 0 } as const;

/** For a call over millions of rows: without a caller's deadline the service would set its own. */
export const longDeadline = { timeoutMs: 24 * 60 * 60 * 1000 } as const;

/** A client of the service that the options name. It connects with the first call. */
export function createClient(options: ServiceOptions): ServiceClient {
  const tls = tlsOf(options);
  const baseUrl = `${tls ? "https" : "http"}://${hostAndPort(options.address)}`;
  const { serverName, ...files } = tls ?? {};
  const sessionManager = new Sessions(
    baseUrl,
    { pingIntervalMs: PING_INTERVAL_MS },
    { ...files, allowPartialTrustChain: true, ...(serverName !== undefined && { servername: serverName }) },
  );
  const interceptors = [explainUnreachable(options.address, tls !== undefined), explainCredential(options)];
  const apiKey = apiKeyFor(options);
  if (apiKey !== undefined) interceptors.push(withHeader("authorization", `Bearer ${apiKey}`));
  if (options.replica) interceptors.push(withHeader("ltb-read", "replica"));
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors,
    defaultTimeoutMs: options.deadline * 1000,
  });
  return { ...clientsOf(transport), [Symbol.dispose]: () => sessionManager.abort() };
}

const ignore = () => undefined;

/** Its sessions may still fail when they have been given up, which nobody listens to, and is no matter. */
class Sessions extends Http2SessionManager {
  override async request(...args: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...args);
    stream.session?.off("error", ignore).on("error", ignore);
    return stream;
  }
}

function withHeader(name: string, value: string): Interceptor {
  return (next) => (request) => {
    request.header.set(name, value);
    return next(request);
  };
}

/** Says how a key is given here, where none was, or where the one that the service refused is from. */
function explainCredential(options: ServiceOptions): Interceptor {
  const explain = (error: unknown) => {
    if (!(error instanceof ConnectError) || error.code !== Code.Unauthenticated) throw error;
    // What the service says is for every kind of client.
    const told = error.rawMessage.replace(/send metadata `[^`]*`/, `give it by ${waysToGiveKey}`);
    const source = apiKeyFor(options) === undefined ? "" : `; it came from ${describeKeySource(options)}`;
    const message = `${told}${source}`;
    throw Object.assign(new ConnectError(message, error.code, error.metadata, undefined, error), {
      details: error.details,
    });
  };
  return (next) => async (request) => {
    const response = await next(request).catch(explain);
    if (!response.stream) return response;
    const { message } = response;
    return { ...response, message: explained() };

    async function* explained() {
      try {
        yield* message;
      } catch (error) {
        explain(error);
      }
    }
  };
}

/** Says which address does not answer, why, and what to do, instead of Node's `connect ECONNREFUSED`. */
function explainUnreachable(address: string, secure: boolean): Interceptor {
  let answered = false;
  return (next) => async (request) => {
    try {
      const response = await next(request);
      answered = true;
      return response;
    } catch (error) {
      if (request.signal.aborted) throw error;
      const message =
        connectionProblem(error, address, secure) ??
        (answered ? undefined : closedProblem(error, address, secure));
      if (message === undefined) throw error;
      throw new ConnectError(
        message,
        Code.Unavailable,
        undefined,
        [{ desc: ErrorInfoSchema, value: { reason: "UNREACHABLE", domain: "llm-test-bench" } }],
        error,
      );
    }
  };
}

const tlsWords = {
  ca: "--tls-ca FILE (LTB_TLS_CA_FILE)",
  certificate: "--tls-cert FILE and --tls-key FILE",
  serverName: "--tls-server-name NAME",
  off: "without --tls or https://",
};

const connectionProblems: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "no answer",
};

function connectionProblem(error: unknown, address: string, secure: boolean): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const failure = secure ? explainTlsFailure(cause.message, tlsWords) : undefined;
    if (failure !== undefined) return `cannot connect to ${address}: ${failure}`;
    if (!("code" in cause && typeof cause.code === "string")) continue;
    if (cause.code === "ERR_HTTP2_ERROR")
      return `${address} does not speak gRPC: is this the gRPC port? Name that with --address (50052, unless it is set; 50053 is for HTTP)`;
    const problem = connectionProblems[cause.code];
    if (problem !== undefined)
      return `no service at ${address} (${problem}). Start it with: ${commandLine("serve")} – or name another with --address`;
  }
  return undefined;
}

/** For a connection that was closed, or reset, before its other end had greeted, of which no more is told. */
function closedProblem(error: unknown, address: string, secure: boolean): string | undefined {
  if (!(error instanceof Error && /closed with error code CANCEL|ECONNRESET/.test(error.message)))
    return undefined;
  return secure
    ? `${address} closed the connection: it may not accept the certificate; give one with ${tlsWords.certificate} that its authority has signed`
    : `${address} closed the connection; if it speaks TLS, add --tls or name it as https://${address}`;
}
