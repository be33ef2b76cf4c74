import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type Health,
  type HealthCheckRequest,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../gen/health/v1/health_pb.ts";
import { ServiceError } from "../../errors.ts";
import { Waiter } from "../../wait.ts";
import { callOf } from "../call/call.ts";

/** The reason why the service does not serve. */
export type NotReady = "STARTING" | "DATABASE_UNAVAILABLE" | "SHUTTING_DOWN";

/** Whether the service can do its work: the one source of gRPC health and `/readyz`. */
export class HealthState {
  #notReady: NotReady | undefined = "STARTING";
  readonly #watchers = new Set<Waiter<void>>();

  /** Undefined while the service serves. */
  get notReady(): NotReady | undefined {
    return this.#notReady;
  }

  /** `undefined` for ready. SHUTTING_DOWN is final. */
  set(notReady: NotReady | undefined): void {
    if (notReady === this.#notReady || this.#notReady === "SHUTTING_DOWN") return;
    this.#notReady = notReady;
    for (const watcher of this.#watchers) watcher.resolve();
  }

  /** Resolves at the next change, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    const waiter = new Waiter<void>({
      onAbort: () => waiter.resolve(),
      onEnd: () => this.#watchers.delete(waiter),
    });
    this.#watchers.add(waiter);
    return waiter.wait(signal);
  }
}

/**
 * `grpc.health.v1.Health` for the services named and for "", the server as a whole. All of them need the
 * database, so they share one state. Protocol:
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthService(
  state: HealthState,
  serviceNames: readonly string[],
): ServiceImpl<typeof Health> {
  const known = new Set(["", ...serviceNames]);
  const status = () => (state.notReady === undefined ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  return {
    check({ service }) {
      if (known.has(service)) return { status: status() };
      throw new ServiceError(Code.NotFound, "NOT_FOUND", `there is no service ${service} here`, {
        metadata: { service },
      });
    },
    list() {
      return { statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) };
    },
    async *watch({ service }: HealthCheckRequest, context: HandlerContext) {
      const call = callOf(context);
      call.endWithServer();
      let last: ServingStatus | undefined;
      while (!call.signal.aborted) {
        // An unknown service may appear later, says the protocol: its stream stays open.
        const current = known.has(service) ? status() : ServingStatus.SERVICE_UNKNOWN;
        if (current === last) {
          await state.changed(call.signal);
        } else {
          last = current;
          yield { status: current };
        }
      }
    },
  };
}
