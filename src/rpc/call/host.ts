import type { DescMethod } from "@bufbuild/protobuf";
import { Access, type AccessOptions } from "../../auth/access.ts";
import { codeName, type ServiceError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { Distribution, secondsBounds } from "../../metrics/distribution.ts";
import { counter, type Family, gauge, histogram, type Labels, type Sample } from "../../metrics/family.ts";
import { type Call, shuttingDown } from "./call.ts";
import { Connections } from "./connections.ts";
import { Intake } from "./intake.ts";

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
