import { Code } from "@connectrpc/connect";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status as Status,
} from "@grpc/grpc-js";
import { ServiceError } from "../../errors.ts";
import { CallContext, pathOf } from "../call/call.ts";
import { requestTooLarge, toConnectError } from "../call/errors.ts";
import type { Handler } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { requestBytes } from "../middleware/access.ts";
import { GrpcOrigin, statusOf } from "./call.ts";

type Bytes = Uint8Array;
type Answer = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

interface Method {
  readonly handler: Handler<Bytes, Bytes>;
  readonly maxBytes: number;
}

interface Entered {
  readonly context: CallContext;
  /** True once grpc-js has called the handler, which answers from then on. */
  isTaken: boolean;
}

// Metadata is the one thing of a call that interceptors and handlers both see. A WeakMap by it costs 3 % of
// the throughput of small calls.
const enteredKey = Symbol("entered");
type EnteredMetadata = Metadata & { [enteredKey]?: Entered };

/**
 * Begins each call when its metadata is there, before grpc-js reads a byte of its request: who is not let in
 * is answered at once, and a request that never ends is answered at the deadline.
 *
 * It also gives grpc-js's own errors (a request too large, broken gzip, an unknown compression) the details
 * and the log line of all others. They come below all interceptors, so the call's own `sendStatus` is
 * replaced. This can go once interceptors
 * (https://github.com/grpc/proposal/blob/master/L112-node-server-interceptors.md) see such errors;
 * compression has an issue (https://github.com/grpc/grpc-node/issues/2767).
 */
export class GrpcEntrance {
  readonly #host: RpcHost;
  readonly #methods = new Map<string, Method>();

  constructor(host: RpcHost) {
    this.#host = host;
  }

  /** Adds a method, whose calls are then begun by its handler. */
  add(handler: Handler<Bytes, Bytes>): void {
    const maxBytes = requestBytes(handler.method, this.#host);
    this.#methods.set(pathOf(handler.method), { handler, maxBytes });
  }

  /** Gives the context of a call that was let in to the handler, which answers it. */
  take({ metadata }: { metadata: EnteredMetadata }): CallContext {
    const entered = metadata[enteredKey];
    if (!entered) throw new Error("a call came past the entrance");
    entered.isTaken = true;
    return entered.context;
  }

  readonly interceptor: ServerInterceptor = ({ path }, call) => {
    const method = this.#methods.get(path);
    if (!method) return new ServerInterceptingCall(call);
    const { handler, maxBytes } = method;
    if (maxBytes < this.#host.maxMessageBytes) limitRequest(call, maxBytes);
    let entered: Entered | undefined;
    let origin: GrpcOrigin | undefined;
    let answering = false;
    let answered = false;
    const { sendStatus } = call;
    call.sendStatus = (status) => {
      // Once the answer has begun, an internal error is a caller who went in the middle of it.
      const gone = answering && status.code === Status.INTERNAL;
      const refused = !answered && !gone && isRefusal(status) ? entered : undefined;
      answered = true;
      sendStatus.call(call, refused ? refuse(handler, refused, reasonOf(status, maxBytes)) : status);
      dropUnfinished(call);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata: EnteredMetadata, pass) => {
            origin = new GrpcOrigin(call, path, metadata);
            const context = new CallContext(handler.method, origin, this.#host);
            entered = { context, isTaken: false };
            metadata[enteredKey] = entered;
            countUnfinished(call, (bytes) => this.#host.intake.add(context.call, bytes));
            const answer = (error: unknown) => call.sendStatus(statusOf(error, context));
            try {
              const beginning = handler.begin(context, answer);
              if (beginning) beginning.then(() => pass(metadata), answer);
              else pass(metadata);
            } catch (error) {
              answer(error);
            }
          },
          onReceiveMessage: (message: Bytes, pass) => {
            if (entered) this.#host.intake.add(entered.context.call, message.length);
            pass(message);
          },
          onReceiveHalfClose: (pass) => {
            if (isInsideMessage(call)) call.sendStatus({ code: Status.INVALID_ARGUMENT, details: cutOff });
            else pass();
          },
          onCancel: () => {
            if (entered && !entered.isTaken) entered.context.call.leave();
            origin?.cancel();
          },
        }),
      sendMetadata: (sent, pass) => {
        answering = true;
        pass(sent);
      },
    });
  };
}

/** Ends the call for a reason of grpc-js; one whose handler runs is logged by the chain, which it stops. */
function refuse(handler: Handler<Bytes, Bytes>, { context, isTaken }: Entered, reason: ServiceError): Answer {
  if (!isTaken) return statusOf(handler.refuse(reason, context), context);
  context.call.stop(reason);
  return statusOf(toConnectError(reason, context.call), context);
}

const cutOff = "it ends inside a message; whole ones before that may have been written";

/**
 * Tells whether a request that has ended lacks the rest of its last message, which grpc-js leaves out without
 * a word. Its decoder is in state 0 between two messages. This can go once grpc-js fails such calls, as other
 * servers do (https://github.com/grpc/grpc/issues/5268); it has no issue for it.
 */
function isInsideMessage(call: ServerInterceptingCallInterface): boolean {
  const { decoder } = call as Decoding;
  return decoder !== undefined && decoder.readState !== 0;
}

/** The part of a call of grpc-js that cuts the request's bytes into messages. */
interface Decoding {
  maxReceiveMessageSize?: number;
  readonly decoder?: {
    maxReadMessageLength: number;
    /** 0 between two messages, 1 in the size of one, 2 in one. */
    readonly readState: number;
    readonly readMessageSize: number;
    readonly readMessageRemaining: number;
    readPartialMessage: Buffer[];
    write(data: Buffer): Buffer[];
  };
}

/** Counts the bytes of the message that is coming, and takes them off once it is whole. */
function countUnfinished(call: ServerInterceptingCallInterface, count: (bytes: number) => void): void {
  const { decoder } = call as Decoding;
  if (!decoder) return;
  const write = decoder.write.bind(decoder);
  let counted = 0;
  decoder.write = (data) => {
    const messages = write(data);
    const coming = decoder.readState === 2 ? decoder.readMessageSize - decoder.readMessageRemaining : 0;
    if (coming !== counted) count(coming - counted);
    counted = coming;
    return messages;
  };
}

/** Drops what has come of a message, which grpc-js keeps for as long as the client keeps the stream. */
function dropUnfinished(call: ServerInterceptingCallInterface): void {
  const { decoder } = call as Decoding;
  if (decoder) decoder.readPartialMessage = [];
}

/** Lowers the limit of a request, which grpc-js has for the whole server only, for this call. */
function limitRequest(call: ServerInterceptingCallInterface, maxBytes: number): void {
  const inner = call as Decoding;
  inner.maxReceiveMessageSize = maxBytes;
  if (inner.decoder) inner.decoder.maxReadMessageLength = maxBytes;
}

/** Answers of grpc-js itself lack the metadata that the chain's have. Nobody reads those that are late. */
function isRefusal({ code, metadata }: Answer): boolean {
  return !metadata && code !== Status.OK && code !== Status.DEADLINE_EXCEEDED;
}

function reasonOf({ code, details }: Answer, maxBytes: number): ServiceError {
  if (code === Status.RESOURCE_EXHAUSTED) return requestTooLarge(maxBytes);
  const message = `the request cannot be read: ${details}`;
  return code === Status.UNIMPLEMENTED
    ? new ServiceError(Code.Unimplemented, "UNIMPLEMENTED", message)
    : new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", message);
}
