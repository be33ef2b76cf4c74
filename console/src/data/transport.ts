import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { randomId } from "./randomId.ts";
import { noteAnswer, noteSilence } from "./reach.ts";

/** Marks what the console asks, for logs and the audit trail. */
const named: Interceptor = (next) => (request) => {
  request.header.set("x-request-id", randomId());
  return next(request);
};

/** Gives a call that met nobody the code that says so: what `fetch` throws then is of no class of its own. */
export function failUnanswered(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new ConnectError("The service does not answer.", Code.Unavailable, undefined, undefined, error);
}

/** Whether a call failed because nobody answered it. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof ConnectError && error.cause instanceof TypeError;

/** What is said without the service: that a call was stopped, took too long or met what stands before it. */
const unsaid = new Set([Code.Canceled, Code.DeadlineExceeded, Code.Unavailable]);

const answered: Interceptor = (next) => async (request) => {
  try {
    const answer = await next(request);
    noteAnswer();
    return answer;
  } catch (error) {
    if (error instanceof TypeError) noteSilence();
    else if (error instanceof ConnectError && !unsaid.has(error.code)) noteAnswer();
    return failUnanswered(error);
  }
};

/** Accepts an answer that another page got up to 2 s ago. */
const shared: Interceptor = (next) => (request) => {
  request.header.set("ltb-read", "shared");
  return next(request);
};

const transportWith = (...interceptors: Interceptor[]) =>
  createConnectTransport({
    baseUrl: window.location.origin,
    useBinaryFormat: true,
    interceptors: [...interceptors, named, answered],
    defaultTimeoutMs: 30_000,
  });

/** Calls the service that the page came from. The browser adds the cookie of the session. */
export const transport = transportWith();

/** For what many pages ask every few seconds and none of them changes. */
export const sharing = { transport: transportWith(shared) };
