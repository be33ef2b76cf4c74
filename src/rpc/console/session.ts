import type { IncomingMessage, ServerResponse } from "node:http";
import { Code } from "@connectrpc/connect";
import { readAllBytes, type UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";
import { isLoopback } from "../../address.ts";
import { invalidField, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { consoleAgent, pathOf } from "../call/call.ts";
import { requestTooLarge } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { answerJson, answerRefusal } from "../http/answers.ts";
import { exchangeOf, isEncrypted } from "../http/origin.ts";
import { cookiesOf, isSameOrigin, readCookie } from "./cookie.ts";

// Signing in and out are calls of UserService, made here on the browser's behalf: what holds for every caller
// holds for the console, from the slowing down of guesses to the audit trail. Only the cookie is added.

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** What the methods of UserService answer, as JSON. */
interface Reply {
  readonly sessionToken?: string;
  readonly expiresAt?: string;
  readonly user?: object;
}

/** Where the service speaks gRPC: the console's pages write command lines that call it there. */
interface GrpcListener {
  readonly port: number;
  readonly tls: boolean;
}

/** The routes by which the console's pages sign in and out, and learn whether they have to. */
export function sessionRoutes(
  handlers: readonly UniversalHandler[],
  host: RpcHost,
  grpc: GrpcListener,
): [string, Answer][] {
  const { login, whoAmI, logout } = UserService.method;

  /** Calls a method as the browser's request; undefined once the answer, an error, has been passed on. */
  async function call(
    method: typeof login | typeof whoAmI | typeof logout,
    request: IncomingMessage,
    response: ServerResponse,
    { body = Buffer.from("{}"), token, ignore = [] }: CallOptions,
  ): Promise<Reply | undefined> {
    const handler = handlers.find(({ requestPath }) => requestPath === pathOf(method));
    if (!handler) throw new Error(`${pathOf(method)} is not served`);
    const { values } = exchangeOf(request);
    const received = universalRequestFromNodeRequest(request, response, null, values);
    const header = new Headers({ "content-type": "application/json" });
    header.set("user-agent", consoleAgent(received.header.get("user-agent") ?? undefined));
    const requestId = received.header.get("x-request-id");
    if (requestId !== null) header.set("x-request-id", requestId);
    // What no header can hold is no token either, and is refused as a malformed one.
    if (token !== undefined) header.set("authorization", `Bearer ${/^[!-~]*$/.test(token) ? token : ""}`);
    const url = new URL(handler.requestPath, received.url).href;
    const answer = await handler({ ...received, method: "POST", url, header, body: once(body) });
    const sent = Buffer.from(
      await readAllBytes(answer.body ?? once(Buffer.from("{}")), host.maxMessageBytes),
    );
    response.setHeader("x-request-id", answer.header?.get("x-request-id") ?? "");
    const reply = JSON.parse(sent.toString());
    if (answer.status === 200 || ignore.includes(reply.code)) return reply;
    answerJson(response, answer.status, reply);
    return undefined;
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const type = request.headers["content-type"] ?? "";
    // Forms of other sites cannot send this type.
    if (!/^application\/json\s*(;|$)/i.test(type))
      throw invalidField("content-type", "must be application/json");
    const body = await readShort(request);
    const key = apiKeyIn(body);
    const reply = await (key === undefined
      ? call(login, request, response, { body })
      : call(whoAmI, request, response, { token: key }));
    if (!reply) return;
    const { user, expiresAt, sessionToken } = reply;
    const left = Date.parse(expiresAt ?? "") - Date.now();
    const maxAge = sessionToken === undefined ? undefined : Math.max(0, Math.floor(left / 1000));
    // Where authentication is off, nobody has looked at the key.
    if (user) response.setHeader("set-cookie", cookiesOf(sessionToken ?? key, isSecure(request), maxAge));
    answerJson(response, 200, { user, ...(expiresAt !== undefined && { expires_at: expiresAt }) });
  }

  async function signOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cookie = readCookie(headerOf(request), isEncrypted(request.socket));
    // An API key has no session to end, and one that is over needs no end.
    const ignore = ["failed_precondition", "unauthenticated"];
    if (cookie?.kind === "own") {
      if (!(await call(logout, request, response, { token: cookie.token, ignore }))) return;
    }
    response.setHeader("set-cookie", cookiesOf(undefined, isSecure(request)));
    response.writeHead(204, { "cache-control": "no-store" }).end();
  }

  async function answerSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request;
    if (method !== "POST" && method !== "DELETE") return refuseMethod(response, "POST, DELETE");
    try {
      if (!isSameOrigin(headerOf(request))) throw foreignOrigin();
      await (method === "POST" ? signIn(request, response) : signOut(request, response));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      answerRefusal(request, response, host, error);
    }
  }

  function answerConfig(request: IncomingMessage, response: ServerResponse): void {
    const auth = host.access.owners ? "required" : "off";
    if (request.method !== "GET" && request.method !== "HEAD") refuseMethod(response, "GET, HEAD");
    else {
      const secure = isSecure(request) || isLocalName(request);
      answerJson(response, 200, { auth, secure, grpc });
    }
  }

  return [
    ["/console/session", answerSession],
    ["/console/config", answerConfig],
  ];
}

interface CallOptions {
  /** JSON. Default: an empty message. */
  readonly body?: Buffer;
  readonly token?: string;
  /** The codes of errors that count as an answer. */
  readonly ignore?: readonly string[];
}

/** The API key to sign in by; undefined where the message is one of Login, which then judges the rest. */
function apiKeyIn(body: Buffer): string | undefined {
  let given: unknown;
  try {
    given = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (typeof given !== "object" || given === null || !("api_key" in given)) return undefined;
  const { api_key: key, ...others } = given;
  if (typeof key !== "string") throw invalidField("api_key", "must be a text");
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalidField(other, "must not be given together with api_key");
  return key.trim();
}

async function readShort(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Node would destroy the request, and with it the connection that the refusal goes by.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > limits.signInBytes) throw requestTooLarge(limits.signInBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function headerOf({ headers }: IncomingMessage) {
  return (name: string) => headers[name]?.toString();
}

/** Whether the page came by TLS. A proxy may have ended that, but the page's Origin still tells. */
function isSecure({ headers, socket }: IncomingMessage): boolean {
  return isEncrypted(socket) || (headers.origin?.startsWith("https:") ?? false);
}

function isLocalName({ headers: { host } }: IncomingMessage): boolean {
  return isLoopback(URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, "") ?? "");
}

function foreignOrigin(): ServiceError {
  const message =
    "only the console's own pages sign in here: the request has neither Sec-Fetch-Site: same-origin nor an " +
    "Origin with the host that it was sent to; programs call Login, or bring their API key";
  return new ServiceError(Code.PermissionDenied, "FOREIGN_ORIGIN", message);
}

function refuseMethod(response: ServerResponse, allow: string): void {
  response.setHeader("allow", allow);
  answerJson(response, 405, { code: "unimplemented", message: `the method must be one of ${allow}` });
}
