import type { DescMethod } from "@bufbuild/protobuf";
import { Access, type AccessOptions, callerOf } from "../../auth/access.ts";
import { requestLate, tooManyBytes, tooManyBytesOfCaller } from "../../auth/refusals.ts";
import { codeName, type ServiceError } from "../../errors.ts";
import { limits, transportLimits } from "../../limits.ts";
import type { Logger } from "../../log.ts";
import { Distribution, secondsBounds } from "../../metrics/distribution.ts";
import { counter, type Family, gauge, histogram, type Labels, type Sample } from "../../metrics/family.ts";
import { type Call, shuttingDown } from "./call.ts";
import { Connections } from "./connections.ts";

/** The state that both listeners and every call share. */
export class RpcHost {
  readonly log: Logger;
  readonly access: Access;
  readonly calls = new CallStats();
  readonly connections = new Connections();
  readonly intake: Intake;
  /** Deadline of unary calls whose caller gave none, in milliseconds from their start. */
  readonly defaultDeadlineMs: number;
  /** Largest request or response message, in bytes. */
  readonly maxMessageBytes: number;
  readonly #running = new Set<Call>();
  readonly #feeds = new Set<Call>();
  #draining = false;

  constructor(
    options: Pick<RpcHost, "log" | "defaultDeadlineMs" | "maxMessageBytes"> & { access: AccessOptions },
  ) {
    this.log = options.log;
    this.access = new Access(options.access, this);
    this.defaultDeadlineMs = options.defaultDeadlineMs;
    this.maxMessageBytes = options.maxMessageBytes;
    this.intake = new Intake(options.maxMessageBytes);
  }

  begin(call: Call): void {
    this.#running.add(call);
  }

  end(call: Call): void {
    this.intake.release(call);
    call.end();
    this.#running.delete(call);
    this.#feeds.delete(call);
  }

  /** Counts the call among those that `drain` ends. */
  endAtDrain(call: Call): void {
    if (this.#draining) call.stop(shuttingDown());
    else this.#feeds.add(call);
  }

  /** Ends the calls that would never end by themselves with UNAVAILABLE; the others go on. */
  drain(): void {
    this.#draining = true;
    for (const call of this.#feeds) call.stop(shuttingDown());
  }

  /** Ends the running calls that `reasonOf` gives a reason for. */
  stopWhere(reasonOf: (call: Call) => ServiceError | undefined): void {
    for (const call of this.#running) {
      const reason = reasonOf(call);
      if (reason) call.stop(reason);
    }
  }

  /** Ends every call that is still running with UNAVAILABLE and tells how many there were. */
  stopCalls(): number {
    const { size } = this.#running;
    for (const call of this.#running) call.stop(shuttingDown());
    return size;
  }
}

/** What one call holds. */
interface Held {
  readonly caller: string;
  bytes: number;
  /** When it began to hold them, or was last relieved of some (`performance.now()`). */
  since: number;
}

/**
 * The bytes of requests that have come and that no handler has taken yet, of all calls on both ports. A
 * caller, which is a credential or else an address, has at most half of what there is room for. Where all of
 * it is taken, the caller that holds the most loses its oldest request, so that nobody keeps out one who
 * holds less.
 */
export class Intake {
  readonly #most: number;
  readonly #held = new Map<Call, Held>();
  readonly #ofCaller = new Map<string, number>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxMessageBytes four such messages have room in any case */
  constructor(maxMessageBytes: number) {
    this.#most = Math.max(limits.requestBytes, 4 * maxMessageBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Notes bytes that have come, or, below 0, were handed on. Ends calls with more than there is room for. */
  add(call: Call, bytes: number): void {
    // What still comes of a call that was stopped is thrown away.
    if (call.hasEnded || call.stopReason) return;
    let held = this.#held.get(call);
    if (!held) {
      if (bytes <= 0) return;
      held = { caller: callerOf(call), bytes: 0, since: performance.now() };
      this.#held.set(call, held);
      this.#timer ??= setTimeout(() => this.#endLate(), transportLimits.requestSweepMs).unref();
    }
    this.#count(held, Math.max(bytes, -held.bytes));
    if (held.bytes === 0) this.#held.delete(call);
    if (bytes < 0) held.since = performance.now();
    else this.#makeRoom(call, held.caller);
  }

  /** Forgets what the call holds: its handler has taken it, or the call has ended. */
  release(call: Call): void {
    const held = this.#held.get(call);
    if (!held) return;
    this.#count(held, -held.bytes);
    this.#held.delete(call);
  }

  #makeRoom(call: Call, caller: string): void {
    const share = this.#most / 2;
    if ((this.#ofCaller.get(caller) ?? 0) > share) this.#stop(call, tooManyBytesOfCaller(share));
    while (this.#bytes > this.#most) {
      const [most] = [...this.#ofCaller].reduce((one, other) => (other[1] > one[1] ? other : one));
      const [victim] = this.#held.entries().find(([, held]) => held.caller === most) ?? [call];
      this.#stop(victim, tooManyBytes(this.#most));
    }
  }

  #stop(call: Call, reason: ServiceError): void {
    // A stream's handler ends later, but what the stream has sent goes at once.
    this.release(call);
    call.stop(reason);
  }

  #count(held: Held, by: number): void {
    held.bytes += by;
    this.#bytes += by;
    const bytes = (this.#ofCaller.get(held.caller) ?? 0) + by;
    if (bytes > 0) this.#ofCaller.set(held.caller, bytes);
    else this.#ofCaller.delete(held.caller);
  }

  #endLate(): void {
    const until = performance.now() - transportLimits.requestTimeoutMs;
    for (const [call, { since }] of this.#held)
      if (since < until) this.#stop(call, requestLate(transportLimits.requestTimeoutMs));
    this.#timer =
      this.#held.size === 0
        ? undefined
        : setTimeout(() => this.#endLate(), transportLimits.requestSweepMs).unref();
  }
}

/** The calls of one method. */
export class MethodStats {
  readonly labels: Labels;
  started = 0;
  running = 0;
  /** By code; a method that was never called has its OK. */
  readonly handled = new Float64Array(17);
  readonly seconds = new Distribution(secondsBounds);

  constructor({ parent, name, methodKind }: DescMethod) {
    // "server_streaming" here, "server_stream" there.
    const type = methodKind.replace("ing", "");
    this.labels = { grpc_type: type, grpc_service: parent.typeName, grpc_method: name };
  }

  begin(): void {
    this.started++;
    this.running++;
  }

  end(code: number, seconds: number): void {
    this.running--;
    this.handled[code] = (this.handled[code] ?? 0) + 1;
    this.seconds.observe(seconds);
  }
}

/** The calls of one server, on both listeners; as many series as methods and codes, whatever is called. */
export class CallStats {
  /** Calls of what no service has. */
  unknown = 0;
  readonly #methods = new Map<DescMethod, MethodStats>();

  of(method: DescMethod): MethodStats {
    const stats = this.#methods.get(method) ?? new MethodStats(method);
    this.#methods.set(method, stats);
    return stats;
  }

  /** Names and labels are those of go-grpc-prometheus, so that dashboards and alerts made for it fit. */
  families(): Family[] {
    const each = (samples: (stats: MethodStats) => Iterable<Sample>) => () =>
      [...this.#methods.values()].flatMap((stats) => [...samples(stats)]);
    return [
      counter(
        "grpc_server_started_total",
        "Calls begun, by any protocol.",
        each(({ labels, started }) => [{ labels, value: started }]),
      ),
      counter("grpc_server_handled_total", "Calls ended, by status code.", each(handledSamples)),
      histogram(
        "grpc_server_handling_seconds",
        "From a call's begin to its end. A ClaimJobs that waits for jobs and streams last as long as their " +
          "callers want.",
        each(({ labels, seconds }) => (seconds.count === 0 ? [] : [{ labels, distribution: seconds }])),
      ),
      gauge(
        "grpc_server_in_flight",
        "Calls in progress.",
        each(({ labels, running }) => [{ labels, value: running }]),
      ),
      counter("ltb_unknown_calls_total", "Calls and requests of what no service has.", () => this.unknown),
    ];
  }
}

function handledSamples({ labels, handled }: MethodStats): Sample[] {
  return Array.from(handled.entries()).flatMap(([code, value]) =>
    code === 0 || value > 0 ? [{ labels: { ...labels, grpc_code: codeName(code) }, value }] : [],
  );
}
