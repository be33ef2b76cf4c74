import type { DescMethod } from "@bufbuild/protobuf";
import { codeName } from "../../errors.ts";
import { Distribution, secondsBounds } from "../../metrics/distribution.ts";
import type { Family, Labels, Sample } from "../../metrics/family.ts";

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

/**
 * The calls of one server, on both listeners. There are as many series as methods and codes, whatever is
 * called.
 */
export class CallStats {
  /** Calls of what no service has. */
  unknown = 0;
  readonly #methods = new Map<DescMethod, MethodStats>();

  of(method: DescMethod): MethodStats {
    let stats = this.#methods.get(method);
    if (!stats) {
      stats = new MethodStats(method);
      this.#methods.set(method, stats);
    }
    return stats;
  }

  /** Names and labels are those of go-grpc-prometheus, so that dashboards and alerts made for it fit. */
  families(): Family[] {
    const each = (samples: (stats: MethodStats) => Iterable<Sample>) => () =>
      [...this.#methods.values()].flatMap((stats) => [...samples(stats)]);
    return [
      {
        name: "grpc_server_started_total",
        help: "Calls begun, by any protocol.",
        type: "counter",
        samples: each(({ labels, started }) => [{ labels, value: started }]),
      },
      {
        name: "grpc_server_handled_total",
        help: "Calls ended, by status code.",
        type: "counter",
        samples: each(handledSamples),
      },
      {
        name: "grpc_server_handling_seconds",
        help:
          "From a call's begin to its end. A ClaimJobs that waits for jobs and streams last as long as their " +
          "callers want.",
        type: "histogram",
        samples: each(({ labels, seconds }) =>
          seconds.count === 0 ? [] : [{ labels, distribution: seconds }],
        ),
      },
      {
        name: "grpc_server_in_flight",
        help: "Calls in progress.",
        type: "gauge",
        samples: each(({ labels, running }) => [{ labels, value: running }]),
      },
      {
        name: "ltb_unknown_calls_total",
        help: "Calls and requests of what no service has.",
        type: "counter",
        samples: () => [{ value: this.unknown }],
      },
    ];
  }
}

function handledSamples({ labels, handled }: MethodStats): Sample[] {
  return Array.from(handled.entries()).flatMap(([code, value]) =>
    code === 0 || value > 0 ? [{ labels: { ...labels, grpc_code: codeName(code) }, value }] : [],
  );
}
