import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { createLogger } from "../../src/log.ts";
import { CallContext, type CallOrigin, cancelled, shuttingDown } from "../../src/rpc/call/call.ts";
import { methodsOf, provide } from "../../src/rpc/call/handler.ts";
import type { Outcome } from "../../src/rpc/middleware/hooks.ts";
import { makeHandler } from "../../src/rpc/middleware/pump.ts";

const origin: CallOrigin = {
  protocolName: "connect",
  requestMethod: "POST",
  url: "",
  peer: "127.0.0.1:1",
  callerDeadline: undefined,
  requestHeader: new Headers(),
  header: () => undefined,
  onCancel: () => undefined,
};
const log = createLogger("fatal", { write: () => undefined });
const host = { log, defaultDeadlineMs: 1_000, endAtDrain: () => undefined };

/** A stream without an end, as a listener holds it, and how its call ended. */
function openStream() {
  const outcomes: Outcome[] = [];
  let isReleased = false;
  const service = provide(BenchmarkService, {
    async *exportEvaluations() {
      try {
        for (;;) yield {};
      } finally {
        isReleased = true;
      }
    },
  });
  const provided = methodsOf([service]).find(({ method }) => method.localName === "exportEvaluations");
  if (!provided) throw new Error("there is no such method");
  const context = new CallContext(provided.method, origin, host);
  const wire = { decode: (request: never) => request, send: () => "message" };
  const hooks = [{ end: (_: unknown, outcome: Outcome) => void outcomes.push(outcome) }];
  const handler = makeHandler(provided, wire, hooks, { maxMessageBytes: 1_000 });
  if (!("stream" in handler)) throw new Error("it does not stream");
  const stream = handler.stream({ $typeName: "" } as never, context);
  return { stream, call: context.call, outcomes, isReleased: () => isReleased };
}

test("a stream whose caller goes while the transport asks for nothing ends at once, and once", async () => {
  const { stream, call, outcomes, isReleased } = openStream();
  expect(await stream.next()).toEqual({ done: false, value: "message" });
  call.stop(cancelled());
  expect(outcomes).toEqual([{ code: Code.Canceled }]);
  await expect.poll(isReleased).toBe(true);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  await stream.return?.();
  expect(outcomes).toHaveLength(1);
});

test("a stream that the server stops tells its caller why when the transport asks again", async () => {
  const { stream, call, outcomes, isReleased } = openStream();
  await stream.next();
  call.stop(shuttingDown());
  expect(outcomes).toEqual([]);
  await expect.poll(isReleased).toBe(true);
  await expect(stream.next()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(outcomes).toHaveLength(1);
});

test("a caller that goes while a message is made gets none", async () => {
  const { stream, call, outcomes } = openStream();
  const pulled = stream.next();
  call.stop(cancelled());
  await expect(pulled).rejects.toMatchObject({ code: Code.Canceled });
  expect(outcomes).toHaveLength(1);
});
