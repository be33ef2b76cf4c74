import type { Interceptor } from "@connectrpc/connect";
import { type RetryOptions, requestIds, retries } from "./retry.ts";
import { type Clients, clientsOf } from "./services.ts";
import type { TlsOptions } from "./tls-options.ts";
import { traceContext } from "./trace-context.ts";
import { createTransport } from "./transport.ts";

/** The address of the service, and the defaults of calls. */
export interface ClientOptions {
  /** `host:port` of the gRPC listener; `https://host:port` means TLS. Default: `localhost:50052`. */
  address?: string;
  /**
   * API key or session token, sent as `authorization: Bearer …`; empty: none. Default: LTB_API_KEY of the
   * environment.
   */
  apiKey?: string | undefined;
  /** `true`: TLS with Node's own authorities. Default: as the address says, which it may not contradict. */
  tls?: boolean | TlsOptions | undefined;
  /**
   * Deadline of a unary call with all its repetitions, in milliseconds; 0: none. A call's own `timeoutMs`
   * wins. Streams have only a deadline of their own. Default: 30000.
   */
  timeoutMs?: number;
  /**
   * Repeats unary calls that failed for a passing reason (UNAVAILABLE, RESOURCE_EXHAUSTED with a RetryInfo,
   * ABORTED with reason CONFLICT), if that is safe: reads, calls with a request_id (an empty one is filled
   * in), and calls that are idempotent by design. `false`: none.
   */
  retry?: RetryOptions | false;
  /**
   * `replica`: a replica of the database, which is a little behind, may answer reads (metadata `ltb-read`).
   * The service uses it, if it has one, for lists, gets, exports and summaries. Default: `primary`.
   */
  readFrom?: "primary" | "replica";
  /** Connect interceptors around every call and its repetitions; the first sees it first. Default: none. */
  interceptors?: readonly Interceptor[];
}

/** Calls to the service, with one property for each service of `ltb.v1`. They throw `ConnectError`. */
export interface LtbClient extends Clients, Disposable {
  /** Ends the connection and its running calls. May be called again. */
  close(): void;
}

/**
 * Makes a client of the service. It connects with the first call, reconnects whenever the connection was
 * lost, and keeps no process from ending.
 *
 * ```ts
 * const client = createClient({ address: "localhost:50052" });
 * const { job } = await client.jobs.createJob({ jobType: "benchmark", payload: { prompt: "2 + 2 = ?" } });
 * for await (const { job: change } of client.jobs.watchJobs({ ids: [job.id] })) console.log(change?.status);
 * client.close();
 * ```
 *
 * A call that fails throws a `ConnectError`:
 *
 * ```ts
 * try {
 *   await client.jobs.createJob({ jobType: "nightly", uniqueKey: "2026-11-22" });
 * } catch (error) {
 *   if (reasonOf(error) !== "UNIQUE_KEY_TAKEN") throw error;
 * }
 * ```
 * @throws TypeError if the address is not `host:port`, or `tls` cannot be used
 */
export function createClient({
  address = "localhost:50052",
  apiKey = process.env.LTB_API_KEY,
  tls,
  timeoutMs = 30_000,
  retry = {},
  readFrom = "primary",
  interceptors = [],
}: ClientOptions = {}): LtbClient {
  const repetition = retry === false ? [] : [requestIds, retries(retry)];
  const reading = readFrom === "primary" ? [] : [setReadPlace(readFrom)];
  const transport = createTransport({
    address,
    apiKey: apiKey || undefined,
    tls,
    timeoutMs,
    // It comes after the caller's interceptors, which may make the active span.
    interceptors: [...interceptors, traceContext, ...reading, ...repetition],
  });
  const close = () => transport.close();
  return { ...clientsOf(transport), close, [Symbol.dispose]: close };
}

/** A call that itself says where it reads keeps that. */
function setReadPlace(place: string): Interceptor {
  return (next) => (request) => {
    if (!request.header.has("ltb-read")) request.header.set("ltb-read", place);
    return next(request);
  };
}
