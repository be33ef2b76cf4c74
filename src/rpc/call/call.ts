import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { Admission, BrowserCookie, IncomingCall } from "../../auth/access.ts";
import type { CallScope } from "../../call-scope.ts";
import { ServiceError } from "../../errors.ts";
import { limits, transportLimits } from "../../limits.ts";
import type { Logger } from "../../log.ts";
import type { Principal } from "../../principal.ts";
import type { ClientCertificate } from "../tls/client-certificate.ts";

/** The server, as far as its calls need it. */
interface CallHost {
  readonly log: Logger;
  /** Deadline of unary calls whose caller gave none, in milliseconds from their start. */
  readonly defaultDeadlineMs: number;
  /** Counts the call among those that end when the server drains. */
  endAtDrain(call: Call): void;
}

/** A call as its listener knows it. */
export interface CallOrigin {
  /** "grpc", "grpc-web" or "connect". */
  readonly protocolName: string;
  /** "POST", or "GET" for a Connect GET. */
  readonly requestMethod: string;
  readonly url: string;
  /** Address and port of the other end, for example `127.0.0.1:41234`. */
  readonly peer: string;
  /** The caller's certificate, signed by one of the configured authorities; undefined without mutual TLS. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Until when the caller waits (epoch milliseconds); undefined if it did not say. */
  readonly callerDeadline: number | undefined;
  readonly requestHeader: Headers;
  /** The console's cookie; undefined where a listener takes none. */
  readonly cookie?: BrowserCookie | undefined;
  /** One value of the request's metadata; `name` in lower case. */
  header(name: string): string | undefined;
  /** Tells when the caller has gone or its transport has ended the call; may tell after a regular end too. */
  onCancel(listener: () => void): void;
}

const timeoutUnitMs: Record<string, number> = { H: 3.6e6, M: 6e4, S: 1e3, m: 1, u: 1e-3, n: 1e-6 };

const saneRequestId = new RegExp(`^[A-Za-z0-9._:/+=@-]{1,${limits.requestIdLength}}$`);

/** One call, the same on both listeners; see `callOf`. */
export class Call implements IncomingCall {
  /** Full name of the method, for example `ltb.v1.BenchmarkService/CreateBenchmark`. */
  readonly method: string;
  /** The caller's `x-request-id` if usable, else a new UUID. The caller gets it back under that name. */
  readonly requestId: string;
  /** The time when the call is stopped (epoch milliseconds); undefined for a stream without a deadline. */
  readonly deadline: number | undefined;
  /** Set by authentication. */
  actor: IncomingCall["actor"];
  /** The caller and its credential, set by authentication; undefined where it is off or a method is open. */
  principal: Principal | undefined;
  /** Entered by `Pump`, and filled by the middlewares as the call passes them. */
  readonly scope: CallScope = {};
  /** Messages of a request stream that have come. */
  received = 0;
  /** Messages of a response stream that were given to the transport. */
  sent = 0;
  /** Set once the call was let in. */
  admission: Admission | undefined;
  /** The reason why the call was stopped before its handler was done, if it was. */
  stopReason: ServiceError | undefined;
  /** Called once when the call is stopped; belongs to `Pump`. */
  onStop: ((reason: ServiceError) => void) | undefined;

  readonly #origin: CallOrigin;
  readonly #host: CallHost;
  readonly #started = Date.now();
  readonly #begun = performance.now();
  #controller: AbortController | undefined;
  #log: Logger | undefined;
  #ended = false;
  #watching = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(origin: CallOrigin, method: DescMethod, host: CallHost) {
    this.#origin = origin;
    this.#host = host;
    this.method = fullName(method);
    this.requestId = requestIdOf(origin.header("x-request-id"));
    const asked = origin.callerDeadline;
    if (asked !== undefined) this.deadline = Math.min(asked, this.#started + transportLimits.deadlineMs);
    else if (method.methodKind === "unary") this.deadline = this.#started + host.defaultDeadlineMs;
  }

  get protocol(): string {
    return this.#origin.protocolName;
  }

  get peer(): string {
    return this.#origin.peer;
  }

  get ipAddress(): string | undefined {
    return addressOf(this.#origin.peer);
  }

  get clientCertificate(): ClientCertificate | undefined {
    return this.#origin.clientCertificate;
  }

  header(name: string): string | undefined {
    return this.#origin.header(name);
  }

  get cookie(): BrowserCookie | undefined {
    return this.#origin.cookie;
  }

  get userAgent(): string | undefined {
    const agent = this.header("user-agent");
    const isConsole = this.header("authorization") === undefined && this.cookie?.kind === "own";
    return isConsole ? consoleAgent(agent) : agent;
  }

  /** Aborts with a `ServiceError` if the call is stopped or its caller goes; not when it ends by itself. */
  get signal(): AbortSignal {
    // Made on demand: transports report every end as a cancellation, and listening costs more than all else.
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.stopReason) this.#controller.abort(this.stopReason);
      else this.watchCaller();
    }
    return this.#controller.signal;
  }

  /** Logs with the request id on every line. */
  get log(): Logger {
    this.#log ??= this.#host.log.child({ requestId: this.requestId, method: this.method });
    return this.#log;
  }

  /** True once the call has been answered, counted and logged. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Milliseconds since the call came. */
  get durationMs(): number {
    return performance.now() - this.#begun;
  }

  /** Stops the call at its deadline. */
  startTimer(): void {
    if (this.deadline === undefined) return;
    const left = this.deadline - Date.now();
    if (left > 0) this.#timer = setTimeout(stopLate, left, this);
    else stopLate(this);
  }

  /** Gives the request of a call without a deadline the time that a unary call has by default. */
  awaitRequest(): void {
    if (this.deadline === undefined) this.#timer = setTimeout(stopLate, this.#host.defaultDeadlineMs, this);
  }

  /** Ends the wait that `awaitRequest` began. */
  takeRequest(): void {
    if (this.deadline === undefined) clearTimeout(this.#timer);
  }

  /** Stops the call when its caller goes. */
  watchCaller(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#origin.onCancel(() => this.leave());
  }

  /** Stops the call because its caller has gone. */
  leave(): void {
    if (!this.#ended) this.stop(this.#isLate() ? deadlineExceeded() : cancelled());
  }

  /** Ends the call as soon as the server drains, for feeds, which never end by themselves. */
  endWithServer(): void {
    this.#host.endAtDrain(this);
  }

  /** True if the caller goes for its deadline: its timer began before ours, and its going may come first. */
  #isLate(): boolean {
    if (this.deadline === undefined) return false;
    const slack = Math.min(transportLimits.deadlineSlackMs, (this.deadline - this.#started) / 2);
    return Date.now() >= this.deadline - slack;
  }

  /** Ends the call with `reason`, whatever its handler does; does nothing once the call has ended. */
  stop(reason: ServiceError): void {
    if (this.#ended || this.stopReason) return;
    this.stopReason = reason;
    this.#controller?.abort(reason);
    this.onStop?.(reason);
  }

  /** Marks the regular end; nothing can stop the call any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.admission?.leave();
    this.admission = undefined;
  }
}

/** The agent of what the web console does, as the audit trail has it: with the browser's own behind it. */
export function consoleAgent(browser: string | undefined): string {
  return browser === undefined ? "LTB console" : `LTB console, ${browser}`;
}

/** The caller went away, so nobody reads this; it is for the log and for handlers. */
export function cancelled(): ServiceError {
  return new ServiceError(Code.Canceled, "CANCELLED", "the caller cancelled the call");
}

export function deadlineExceeded(): ServiceError {
  return new ServiceError(
    Code.DeadlineExceeded,
    "DEADLINE_EXCEEDED",
    "the call was not done by its deadline; what it began may have been written",
  );
}

/** Retryable on another server, or on this one once it is back. */
export function shuttingDown(): ServiceError {
  return new ServiceError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down; call again", {
    retryAfterMs: 1_000,
  });
}

/** The request id that the caller gave if it is a usable one, else a new UUID. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && saneRequestId.test(given) ? given : randomUUID();
}

/**
 * The IP address of a peer (`192.0.2.7:41234`, `[2001:db8::7]:41234`), if it has one; mapped IPv4 as IPv4.
 */
export function addressOf(peer: string): string | undefined {
  const address = peer
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) ? address : undefined;
}

function stopLate(call: Call): void {
  call.stop(deadlineExceeded());
}

/** `package.Service/Method`, as in a gRPC path without its leading slash. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** The path of the method's requests over HTTP, the same for all protocols. */
export function pathOf(method: DescMethod): string {
  return `/${fullName(method)}`;
}

/**
 * Cuts the timeouts that callers give to the longest one allowed. Timers of both transports fire at once when
 * a time is over 2^31 ms (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args), and grpc-js
 * reads the last 8 of more digits than the protocol allows
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). This can go once grpc-js and connect-node
 * cut them; neither has an issue for it.
 */
export function clampTimeouts(headers: IncomingHttpHeaders): void {
  const grpc = headers["grpc-timeout"];
  if (grpc !== undefined) {
    const [, amount, unit] = /^(\d+)\s*([HMSmun])$/.exec(String(grpc)) ?? [];
    if (amount && unit && Number(amount) * (timeoutUnitMs[unit] ?? 0) > transportLimits.deadlineMs) {
      headers["grpc-timeout"] = `${transportLimits.deadlineMs / 1000}S`;
    }
  }
  const connect = headers["connect-timeout-ms"];
  if (connect !== undefined && Number(connect) > transportLimits.deadlineMs) {
    headers["connect-timeout-ms"] = String(transportLimits.deadlineMs);
  }
}

/**
 * The context that handlers get on both listeners. All that is costly is made when first read: Connect's own
 * context takes 7 µs, 40 % of a small call's throughput. Its getters do not survive an object spread.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly call: Call;
  readonly #origin: CallOrigin;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;

  constructor(method: DescMethod, origin: CallOrigin, host: CallHost) {
    this.method = method;
    this.#origin = origin;
    this.call = new Call(origin, method, host);
  }

  get protocolName(): string {
    return this.#origin.protocolName;
  }

  get requestMethod(): string {
    return this.#origin.requestMethod;
  }

  get url(): string {
    return this.#origin.url;
  }

  get requestHeader(): Headers {
    return this.#origin.requestHeader;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get signal(): AbortSignal {
    return this.call.signal;
  }

  get timeoutMs(): () => number | undefined {
    const { deadline } = this.call;
    return () => (deadline === undefined ? undefined : deadline - Date.now());
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /** The response header if the handler touched it. */
  get setHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  /** The response trailer if the handler touched it. */
  get setTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  get values(): ContextValues {
    this.#values ??= createContextValues();
    return this.#values;
  }
}

/** The call that a handler's context belongs to. */
export function callOf(context: HandlerContext): Call {
  if (context instanceof CallContext) return context.call;
  throw new TypeError(
    "this context was not made by a listener of this service, or was copied by an object spread",
  );
}

/** The id of the user who acts in a handler's call; undefined where authentication is off. */
export function actorIdOf(context: HandlerContext): string | undefined {
  return callOf(context).actor?.userId;
}
