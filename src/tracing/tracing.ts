/** An operation that is traced while it runs. */
export interface Span {
  /** Its trace id of 32 hexadecimal digits stands in the log too. */
  readonly place: SpanPlace;
  /** @param failure what went wrong, as a stable name and never with a value in it; undefined: nothing */
  end(failure?: Failure): void;
}

export interface Failure {
  /** For example `NOT_FOUND`, or the SQLSTATE `23505`. */
  readonly type: string;
  /** The status code of a call. */
  readonly code?: number;
  /** Whether the operation itself is at fault, and not what it was asked for. */
  readonly isError: boolean;
}

/** A call as its span tells of it. */
export interface TracedCall {
  readonly service: string;
  readonly method: string;
  /** "grpc", "grpc-web" or "connect". */
  readonly protocol: string;
  readonly peer: string;
  readonly requestId: string;
  /** One value of the request's metadata, which may bring a trace context. */
  header(name: string): string | undefined;
}

/** The place of an operation in its trace. */
export type SpanPlace = { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };

/** What calls and statements are told to, if anything: see `otlp.ts`. */
export interface Tracing {
  beginCall(call: TracedCall): Span;
  /**
   * Undefined where no call is traced: what the service does by itself is in its metrics.
   * @param place of the call that the statement is for
   * @param callers calls that share the statement instead: one becomes the parent, the others are linked
   */
  beginStatement(
    name: string,
    place: SpanPlace | undefined,
    callers: readonly (SpanPlace | undefined)[] | undefined,
  ): Span | undefined;
}

let active: Tracing | undefined;

/** Undefined unless traces are exported, which is a matter of the process: OTEL_* in its environment. */
export function activeTracing(): Tracing | undefined {
  return active;
}

/** Starts or, by undefined, ends tracing. */
export function setTracing(tracing: Tracing | undefined): void {
  active = tracing;
}
