import {
  type Client,
  Code,
  ConnectError,
  createClient as createConnectClient,
  type Interceptor,
} from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { commandLine } from "./invocation.ts";

const DEFAULT_ADDRESS = "localhost:50052";
const DEFAULT_DEADLINE_SECONDS = 30;
/** A connection that does not answer a ping in time is given up, so that a stream without deadline does not wait for ever. */
const PING_INTERVAL_MS = 20_000;

/** The options of every command that talks to the service. */
export interface ServiceOptions {
  address: string;
  apiKey?: string;
  /** Seconds for a call that is not a stream. */
  deadline: number;
  json?: boolean;
}

export type BenchmarkClient = Client<typeof BenchmarkService>;
export type JobClient = Client<typeof JobService>;
export type WorkerClient = Client<typeof WorkerService>;

/** Calls to the service. `close` lets the process end. */
export interface ServiceClient extends Disposable {
  benchmarks: BenchmarkClient;
  jobs: JobClient;
  workers: WorkerClient;
  system: Client<typeof SystemService>;
}

/** Deadlines are for calls that answer at once; a stream lasts as long as its data. */
export const noDeadline = { timeoutMs: 0 } as const;

/** Adds --address, --api-key, --deadline and --json. */
export function withServiceOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--address <host:port>", "gRPC address of the service; https://host:port for one with TLS")
        .env("LTB_ADDRESS")
        .argParser(hostWithPort)
        .default(DEFAULT_ADDRESS),
    )
    .addOption(new Option("--api-key <key>", "sent as authorization: Bearer <key>").env("LTB_API_KEY"))
    .addOption(
      new Option("--deadline <seconds>", "longest time that a call may take which is not a stream")
        .argParser(seconds)
        .default(DEFAULT_DEADLINE_SECONDS),
    )
    .option("--json", "print JSON: one object on stdout, errors on stderr");
}

/** A client of the service that the options name. It connects with the first call. */
export function createClient(options: ServiceOptions): ServiceClient {
  const baseUrl = urlOf(options.address);
  const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: PING_INTERVAL_MS });
  const interceptors = [explainUnreachable(options.address)];
  if (options.apiKey !== undefined) interceptors.push(authorize(options.apiKey));
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors,
    defaultTimeoutMs: options.deadline * 1000,
  });
  return {
    benchmarks: createConnectClient(BenchmarkService, transport),
    jobs: createConnectClient(JobService, transport),
    workers: createConnectClient(WorkerService, transport),
    system: createConnectClient(SystemService, transport),
    [Symbol.dispose]: () => sessionManager.abort(),
  };
}

/** The address as `host:port`, for lines that people paste. */
export function hostAndPort(address: string): string {
  return address.replace(/^https?:\/\//, "");
}

function urlOf(address: string): string {
  return /^https?:\/\//.test(address) ? address : `http://${address}`;
}

function hostWithPort(address: string): string {
  const url = URL.parse(urlOf(address));
  if (url === null || url.pathname !== "/" || !/:\d+\/?$/.test(address))
    throw new InvalidArgumentError(`Expected host:port, such as ${DEFAULT_ADDRESS}.`);
  return address.replace(/\/$/, "");
}

function authorize(apiKey: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    return next(request);
  };
}

/** Says which address does not answer, why, and how to start the service, instead of Node's `connect ECONNREFUSED`. */
function explainUnreachable(address: string): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const cause = connectionProblem(error);
      if (cause === undefined) throw error;
      throw new ConnectError(
        `no service at ${address} (${cause}). Start it with: ${commandLine("serve")} – or name another with --address`,
        Code.Unavailable,
        undefined,
        [{ desc: ErrorInfoSchema, value: { reason: "UNREACHABLE", domain: "llm-test-bench" } }],
        error,
      );
    }
  };
}

const connectionProblems: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "no answer",
  ERR_HTTP2_ERROR: "it does not speak gRPC; is this the gRPC port?",
};

function connectionProblem(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") {
      const problem = connectionProblems[cause.code];
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400))
    throw new InvalidArgumentError("Expected seconds, more than 0 and at most 86400.");
  return value;
}
