/** An operation that is traced while it runs. */
export interface Span {
  /** Its place in its trace, whose id of 32 hexadecimal digits is in the log too. */
  readonly place: SpanPlace;
  /** @param failure a stable name of the failure that contains no value; undefined: none */
  end(failure?: Failure): void;
}

export interface Failure {
  /** For example `NOT_FOUND`, or the SQLSTATE `23505`. */
  readonly type: string;
  /** The status code of a call. */
  readonly code?: number;
  /** True if the operation itself is at fault, and not its request. */
  readonly isError: boolean;
}

/** The attributes of a call in its span. */
export interface TracedCall {
  readonly service: string;
  readonly method: string;
  /** "grpc", "grpc-web" or "connect". */
  readonly protocol: string;
  readonly peer: string;
  readonly requestId: string;
  /** Reads one value of the request's metadata, which may carry a trace context. */
  header(name: string): string | undefined;
}

/** The place of an operation in its trace. */
export type SpanPlace = { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };

/** Receives calls and statements, if they are traced: see `otlp.ts`. */
export interface Tracing {
  beginCall(call: TracedCall): Span;
  /**
   * Undefined if no call is traced; the service's background work is covered by its metrics.
   * @param place the call that the statement is for
   * @param callers calls that share the statement instead: one becomes the parent, the others are linked
   */
  beginStatement(
    name: string,
    place: SpanPlace | undefined,
    callers: readonly (SpanPlace | undefined)[] | undefined,
  ): Span | undefined;
}

let active: Tracing | undefined;

/** Undefined unless traces are exported. The OTEL_* variables decide that for the whole process. */
export function activeTracing(): Tracing | undefined {
  return active;
}

/** Starts tracing or, with undefined, ends it. */
export function setTracing(tracing: Tracing | undefined): void {
  active = tracing;
}
