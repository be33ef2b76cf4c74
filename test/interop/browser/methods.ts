import {
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromJson,
  toJsonString,
} from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { assert, report } from "./report.ts";
import * as services from "./services.ts";

/** One step of the scenario as the page gets it. */
export interface PageStep {
  name: string;
  body: Record<string, never>;
  /** Source of a regular expression. */
  expected: string;
}

/** Calls each method with its example. */
export async function exerciseMethods(
  client: string,
  transport: Transport,
  steps: readonly PageStep[],
): Promise<void> {
  let session: string | undefined;
  for (const step of steps) {
    const [serviceName = "", methodName = ""] = step.name.split("/");
    const method = services.named(serviceName).methods.find(({ name }) => name === methodName);
    if (method === undefined) throw new Error(`no method ${step.name}`);
    await report("rpc", client, step.name, async () => {
      const headers = new Headers();
      if (methodName === "Logout" && session) headers.set("authorization", `Bearer ${session}`);
      const text = await call(transport, method as never, step.body, headers);
      session = /"sessionToken":"([^"]+)/.exec(text)?.[1] ?? session;
      assert(new RegExp(step.expected).test(text), `expected ${step.expected}, got ${text.slice(0, 500)}`);
      return undefined;
    });
  }
}

/** The answer in JSON; of a stream its messages, a line each, and of an endless one those of two seconds. */
async function call(
  transport: Transport,
  method: DescMethodUnary | DescMethodServerStreaming,
  body: PageStep["body"],
  headers: Headers,
): Promise<string> {
  const request = fromJson(method.input, body);
  if (method.methodKind === "unary") {
    const { message } = await transport.unary(method, undefined, 20_000, headers, request);
    return toJsonString(method.output, message);
  }
  const endless = method.name.startsWith("Watch");
  const stop = new AbortController();
  if (endless) setTimeout(() => stop.abort(), 2_000);
  const lines: string[] = [];
  const one = (async function* () {
    yield request;
  })();
  try {
    const { message } = await transport.stream(
      method,
      stop.signal,
      endless ? undefined : 20_000,
      headers,
      one,
    );
    for await (const part of message) lines.push(toJsonString(method.output, part));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return lines.join("\n");
}
