import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { transportLimits } from "../../src/limits.ts";
import type { Call } from "../../src/rpc/call/call.ts";
import { Intake } from "../../src/rpc/call/host.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function callOf(ipAddress: string) {
  const stopped: unknown[] = [];
  const call = {
    ...{ ipAddress, hasEnded: false, stopReason: undefined as unknown },
    stop(reason: unknown) {
      call.stopReason = reason;
      stopped.push(reason);
    },
  };
  return { call: call as unknown as Call, stopped };
}

test("what does not come whole in time is ended and forgotten, but not a stream whose messages are taken", () => {
  const intake = new Intake(1);
  const [unfinished, stream, later] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(callOf) as [
    ReturnType<typeof callOf>,
    ReturnType<typeof callOf>,
    ReturnType<typeof callOf>,
  ];
  intake.add(unfinished.call, 1000);
  intake.add(stream.call, 500);
  const half = transportLimits.requestTimeoutMs / 2;
  vi.advanceTimersByTime(half);
  // More bytes of the same request give it no more time, unless something of it was handed on.
  intake.add(unfinished.call, 1000);
  intake.add(stream.call, 500);
  intake.add(stream.call, -400);
  intake.add(later.call, 100);
  vi.advanceTimersByTime(half - 1);
  expect([unfinished, stream, later].map(({ stopped }) => stopped.length)).toEqual([0, 0, 0]);
  expect(intake.bytes).toBe(2700);
  vi.advanceTimersByTime(transportLimits.requestSweepMs + 1);
  expect(unfinished.stopped).toMatchObject([{ reason: "DEADLINE_EXCEEDED" }]);
  expect([stream, later].map(({ stopped }) => stopped.length)).toEqual([0, 0]);
  expect(intake.bytes).toBe(700);
  vi.advanceTimersByTime(half + transportLimits.requestSweepMs);
  expect([stream, later].map(({ stopped }) => stopped.length)).toEqual([1, 1]);
  expect(intake.bytes).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
