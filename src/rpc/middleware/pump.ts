import { create, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { enterScope } from "../../call-scope.ts";
import type { CallContext } from "../call/call.ts";
import { responseTooLarge } from "../call/errors.ts";
import type { Handler, ProvidedMethod, Response, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import type { Hooks, Middleware, Outcome } from "./hooks.ts";

/** The method as a listener calls it: its implementation, with the hooks around it. */
export function makeHandler<In, Out>(
  provided: ProvidedMethod,
  wire: Wire<In, Out>,
  hooks: readonly Hooks[],
  host: Pick<RpcHost, "maxMessageBytes">,
): Handler<In, Out> {
  const pump = new Pump(provided.method, wire, hooks, host);
  const { kind, method, impl } = provided;
  const opening = {
    begin: (context: CallContext, onStop: (error: unknown) => void) => pump.begin(context, onStop),
    refuse: (error: unknown, context: CallContext) => pump.refuse(error, context),
  };
  switch (kind) {
    case "unary":
      return {
        ...opening,
        kind,
        method,
        answer: (request, context) => pump.answer(context, () => pump.accept(request, context, impl)),
      };
    case "client_streaming":
      return {
        ...opening,
        kind,
        method,
        answer: (each, context) => pump.answer(context, () => impl(pump.acceptEach(each, context), context)),
      };
    case "server_streaming":
      return {
        ...opening,
        kind,
        method,
        stream: (request, context) => pump.stream(context, () => pump.accept(request, context, impl)),
      };
    case "bidi_streaming":
      return {
        ...opening,
        kind,
        method,
        stream: (each, context) => pump.stream(context, () => impl(pump.acceptEach(each, context), context)),
      };
  }
}

/**
 * Runs the calls of one method: its hooks around the implementation, which gets messages and gives them back.
 * The scope of a call is entered here and nowhere else.
 *
 * A call that is stopped is answered at once, and each wait for a message of a stream ends, even if the
 * implementation never answers. One that goes on all the same speaks to nobody.
 */
class Pump<In, Out> {
  readonly #method: DescMethod;
  readonly #maxMessageBytes: number;
  readonly #wire: Wire<In, Out>;
  readonly #starts: readonly NonNullable<Hooks["start"]>[];
  readonly #checks: readonly NonNullable<Hooks["each"]>[];
  readonly #fails: readonly NonNullable<Hooks["fail"]>[];
  readonly #ends: readonly NonNullable<Hooks["end"]>[];

  /** @param hooks from the outermost to the innermost */
  constructor(
    method: DescMethod,
    wire: Wire<In, Out>,
    hooks: readonly Hooks[],
    { maxMessageBytes }: Pick<RpcHost, "maxMessageBytes">,
  ) {
    this.#method = method;
    this.#maxMessageBytes = maxMessageBytes;
    this.#wire = wire;
    this.#starts = hooks.flatMap(({ start }) => start ?? []);
    this.#checks = hooks.flatMap(({ each }) => each ?? []);
    this.#fails = hooks.flatMap(({ fail }) => fail ?? []).reverse();
    this.#ends = hooks.flatMap(({ end }) => end ?? []).reverse();
  }

  begin(context: CallContext, onStop: (error: unknown) => void): Promise<void> | undefined {
    let starting: Promise<void> | undefined;
    try {
      starting = this.#start(context);
    } catch (error) {
      throw this.#fail(context, error);
    }
    if (starting) return this.#beginLate(context, starting, onStop);
    this.#letIn(context, onStop);
    return undefined;
  }

  async #beginLate(
    context: CallContext,
    starting: Promise<void>,
    onStop: (error: unknown) => void,
  ): Promise<void> {
    const { call } = context;
    try {
      await new Promise<void>((resolve, reject) => {
        call.onStop = reject;
        starting.then(resolve, reject);
      });
      if (call.stopReason) throw call.stopReason;
    } catch (error) {
      throw this.#fail(context, error);
    }
    this.#letIn(context, onStop);
  }

  #letIn(context: CallContext, onStop: (error: unknown) => void): void {
    const { call } = context;
    if (this.#method.methodKind === "server_streaming") call.awaitRequest();
    call.onStop = (reason) => onStop(this.#fail(context, reason));
  }

  refuse(error: unknown, context: CallContext): unknown {
    return this.#fail(context, error);
  }

  /** The response that `implementation` gives, as it is to be sent. */
  async answer(context: CallContext, implementation: () => Promise<Response> | Response): Promise<Out> {
    const { call } = context;
    try {
      const response = await new Promise<Out>((resolve, reject) => {
        if (call.stopReason) return reject(call.stopReason);
        call.onStop = reject;
        enterScope(call.scope, () => this.#respond(implementation)).then(resolve, reject);
      });
      this.#end(context, { code: 0 });
      return response;
    } catch (error) {
      throw this.#fail(context, error);
    }
  }

  /** The responses of `implementation` as they are to be sent. It begins with the first one. */
  stream(
    context: CallContext,
    implementation: () => Promise<AsyncIterable<Response>> | AsyncIterable<Response>,
  ): AsyncIterableIterator<Out> {
    const { call } = context;
    let responses: AsyncIterator<Response> | undefined;
    let fail: ((reason: unknown) => void) | undefined;
    let isPulling = false;
    let hasEnded = false;

    const pull = async (): Promise<IteratorResult<Out, undefined>> => {
      responses ??= (await implementation())[Symbol.asyncIterator]();
      const { done, value } = await responses.next();
      return done ? { done, value: undefined } : { done: false, value: this.#encode(value) };
    };
    const close = () => {
      // Not awaited: a generator that hangs answers `return` only after its pending `next`.
      enterScope(call.scope, async () => responses?.return?.()).catch((error: unknown) => {
        call.log.warn({ err: error }, "a stream failed after its end");
      });
    };
    const cancel = () => {
      hasEnded = true;
      close();
      this.#end(context, { code: call.stopReason?.code ?? Code.Canceled });
    };
    call.takeRequest();
    call.onStop = (reason) => {
      // A transport that waits for room to write may never ask again once its caller has gone.
      if (fail && !isPulling && !hasEnded && reason.code === Code.Canceled) return cancel();
      if (fail) fail(reason);
      // It has not begun to read, and may never do so.
      else this.#fail(context, reason);
      close();
    };
    return iterate(
      async () => {
        if (hasEnded) return { done: true, value: undefined };
        try {
          const result = await new Promise<IteratorResult<Out, undefined>>((resolve, reject) => {
            if (call.stopReason) return reject(call.stopReason);
            fail = reject;
            isPulling = true;
            // A generator's body runs in the scope of the code that asks it for its next message.
            enterScope(call.scope, pull).then(resolve, reject);
          });
          if (!result.done) {
            if (call.stopReason?.code === Code.Canceled) throw call.stopReason;
            call.sent++;
            return result;
          }
          hasEnded = true;
          this.#end(context, { code: 0 });
          return result;
        } catch (error) {
          hasEnded = true;
          close();
          throw this.#fail(context, error);
        } finally {
          isPulling = false;
        }
      },
      async () => {
        if (!hasEnded) cancel();
      },
    );
  }

  /** Hands the request to `handle` once it is decoded and checked; at once where the checks need not wait. */
  accept<T>(
    request: In,
    context: CallContext,
    handle: (message: Message, context: CallContext) => Promise<T> | T,
  ): Promise<T> | T {
    const message = this.#wire.decode(request, context.call);
    const checking = this.#check(message, context);
    if (!checking) return handle(message, context);
    return checking.then(() => {
      // It was checked for so long that nobody waits any more.
      if (context.call.stopReason) throw context.call.stopReason;
      return handle(message, context);
    });
  }

  /** The messages of a request stream, each decoded and checked when the implementation asks for it. */
  acceptEach(requests: AsyncIterable<In>, context: CallContext): AsyncIterable<Message> {
    const { call } = context;
    const { decode, explain, confirmEnd } = this.#wire;
    const inner = requests[Symbol.asyncIterator]();
    const close = async () => {
      await inner.return?.();
    };
    return iterate(async () => {
      let received: IteratorResult<In>;
      try {
        received = await inner.next();
      } catch (error) {
        throw explain ? explain(error) : error;
      }
      if (received.done) {
        await confirmEnd?.(call);
        return { done: true, value: undefined };
      }
      call.received++;
      try {
        // Messages that still arrive from a caller who was shut out are not written.
        if (call.stopReason) throw call.stopReason;
        const message = decode(received.value, call);
        const checking = this.#check(message, context);
        if (checking) await checking;
        return { done: false, value: message };
      } catch (error) {
        await close();
        throw error;
      }
    }, close);
  }

  async #respond(implementation: () => Promise<Response> | Response): Promise<Out> {
    return this.#encode(await implementation());
  }

  /** Refuses a response that is too large by its size in the binary format, which counts on every wire. */
  #encode(response: Response): Out {
    const { output } = this.#method;
    const bytes = toBinary(output, create(output, response));
    if (bytes.length > this.#maxMessageBytes) throw responseTooLarge(bytes.length, this.#maxMessageBytes);
    return this.#wire.send(response, bytes);
  }

  #start(context: CallContext, from = 0): Promise<void> | undefined {
    for (let next = from; next < this.#starts.length; next++) {
      const starting = this.#starts[next]?.(context);
      if (starting) return starting.then(() => this.#start(context, next + 1));
    }
    return undefined;
  }

  #check(message: Message, context: CallContext, from = 0): Promise<void> | undefined {
    for (let next = from; next < this.#checks.length; next++) {
      const checking = this.#checks[next]?.(message, context);
      if (checking) return checking.then(() => this.#check(message, context, next + 1));
    }
    return undefined;
  }

  #fail(context: CallContext, error: unknown): unknown {
    const failure = this.#fails.reduce((inner, fail) => fail(inner, context), error);
    this.#end(context, {
      code: failure instanceof ConnectError ? failure.code : Code.Unknown,
      error: failure,
    });
    return failure;
  }

  #end(context: CallContext, outcome: Outcome): void {
    if (context.call.hasEnded) return;
    for (const end of this.#ends) end(context, outcome);
  }
}

/** Stops a call at its deadline or when its caller goes, with its queries in the database. */
export const deadline: Middleware = (method) => {
  // The caller of a unary call is watched only once something asks for the call's signal.
  const watches = method.methodKind !== "unary";
  return {
    start({ call }) {
      call.scope.source = call;
      call.startTimer();
      if (watches) call.watchCaller();
      if (call.stopReason) throw call.stopReason;
      return undefined;
    },
  };
};

/**
 * An iterator of what `next` gives, which calls `leave` for a reader that leaves early. By hand: a generator
 * would cost every streamed row three more turns of the microtask queue.
 */
function iterate<T>(
  next: () => Promise<IteratorResult<T, undefined>>,
  leave: () => Promise<void>,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    [Symbol.asyncIterator]: () => iterator,
    next,
    return: async () => {
      await leave();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}
